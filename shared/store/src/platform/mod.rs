//! What all areas use: rate limits, idempotency keys, claims, due work, the keys of the deployment.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | PLATFORM-1 | attempts in a window of time | [`rate_limits`] |
//! | PLATFORM-2 | the request with an idempotency key | [`idempotency`] |
//! | PLATFORM-3 | work that must be done once | [`once_claims`] |
//! | PLATFORM-4 | which work is due | [`due`] |
//! | PLATFORM-5 | the keys that every function knows | [`deployment_keys`] |

pub mod deployment_keys;
pub mod due;
pub mod idempotency;
pub mod once_claims;
pub mod rate_limits;
