//! Every promise of this crate, through the AWS SDKs that the functions use.
#![expect(clippy::unwrap_used, reason = "what a test's helper cannot do, fails the test")]

mod chaos;
mod connections;
mod fifo;
mod mail;
mod permissions;
mod queues;
mod restart;
mod table;
mod world;
