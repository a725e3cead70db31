//! The doors of sessions where something fails: against the emulated services, of which one is out of reach.

#![expect(clippy::unwrap_used, reason = "what a test's helper cannot do, fails the test")]

mod admins;
mod answers;
mod connections;
mod counts;
mod log_ins;
mod removals;
mod reports;
mod slides;
mod upvotes;
mod world;
