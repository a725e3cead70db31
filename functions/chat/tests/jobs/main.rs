//! The doors of the chat where jobs come twice, late or not at all, and workers die: against the emulated services.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test's helper cannot do, fails the test")]

mod connections;
mod digests;
mod following;
mod leaving;
mod world;
