//! The operations of identity, through its door, against the emulated services.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test's helper cannot do, fails the test"
)]

mod accounts;
mod admins;
mod log_ins;
mod passwords;
mod refreshing;
mod team;
mod world;
