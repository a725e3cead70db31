//! What every product uses: rate limits, idempotency keys, claims, due work.

pub mod due;
pub mod idempotency;
pub mod once_claims;
pub mod rate_limits;
