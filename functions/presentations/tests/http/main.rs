//! Every operation of presentations through its Lambda function, with events of API Gateway, on an emulated table.

#![expect(clippy::unwrap_used, reason = "helpers outside of test functions; a panic fails the test")]

mod bad_input;
mod presentations;
mod slides;
mod strangers;
mod world;
