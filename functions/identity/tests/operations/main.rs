//! The operations of identity, called through its Lambda function, against emulated services.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails, fails the test")]

mod accounts;
mod addresses;
mod admins;
mod invitations;
mod log_ins;
mod passwords;
mod refreshing;
mod team;
mod world;
