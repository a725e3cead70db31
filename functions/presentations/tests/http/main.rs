//! Every operation of the subject through its door, with the events of API Gateway, on an embedded table.

#![expect(clippy::unwrap_used, reason = "a test kit outside of test functions; a panic is a failed test")]

mod bad_input;
mod presentations;
mod slides;
mod strangers;
mod world;
