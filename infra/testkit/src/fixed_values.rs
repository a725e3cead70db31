//! Times and ids that are the same in every run.

use jiff::Timestamp;
use uuid::Uuid;

/// Returns the time of tests whose clock does not move.
pub fn fixed_time() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// Returns the id with this number.
pub fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}
