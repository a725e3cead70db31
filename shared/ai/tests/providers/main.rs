//! Providers on loopback: each in its own tongue, and one that behaves as badly as it is told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test's helper cannot do, fails the test")]

mod answers;
mod provider_protocols;
mod stub;
