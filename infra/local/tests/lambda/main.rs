//! The deployed binaries as processes, with the events and environments that Lambda gives them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod binaries;
mod every_binary;
mod invoke_api;
mod process;
mod runtime_api;
mod server;
mod single_binaries;
mod watch;
