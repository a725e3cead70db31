//! The emulated services, tested through the AWS SDKs that the functions use.
#![expect(clippy::unwrap_used, reason = "a failing helper fails the test")]

mod call_faults;
mod chaos;
mod connections;
mod fifo;
mod mail;
mod permissions;
mod queues;
mod restart;
mod table;
mod world;
