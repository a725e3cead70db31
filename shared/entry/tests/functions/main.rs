//! The behaviour that every function has, against the emulated services.

#![expect(clippy::unwrap_used, reason = "what a test's helper cannot do, fails the test")]

mod idempotency;
mod socket;
mod token_keys;
mod warm_start;
mod worker;
mod world;
