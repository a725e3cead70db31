//! Every operation of the subject through its door, with the events of API Gateway, on an embedded table.

mod bad_input;
mod presentations;
mod slides;
mod strangers;
mod world;
