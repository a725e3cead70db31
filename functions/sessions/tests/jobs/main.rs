//! The functions of sessions when something fails. They run against the emulated services, some of which are
//! unreachable.

#![expect(clippy::unwrap_used, reason = "a helper that fails must fail the test")]

mod admins;
mod answers;
mod connections;
mod counts;
mod log_ins;
mod refused_joins;
mod removals;
mod reports;
mod slides;
mod upvotes;
mod world;
