//! The gateway, the runner and the pollers against functions that only say what they saw.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod http;
mod page;
mod permissions;
mod queues;
mod remote;
mod sockets;
mod stack;
