//! The functions of the chat with the emulated services, when jobs arrive twice, late or not at all, and workers die.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails should fail the test")]

mod connections;
mod direct_channels;
mod mention_digests;
mod presence;
mod process_messages;
mod sync_profile;
mod world;
