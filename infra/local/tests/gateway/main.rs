//! The gateway, the runner and the pollers, with functions that record their events.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod http;
mod page;
mod permissions;
mod queues;
mod remote;
mod sockets;
mod stack;
