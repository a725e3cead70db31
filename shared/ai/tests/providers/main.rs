//! Providers on loopback: one per protocol, and one that misbehaves as the test requests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test's helper cannot do, fails the test")]

mod answers;
mod provider_protocols;
mod stub;
