//! Ids that AWS would assign.

use uuid::{NoContext, Timestamp, Uuid};

/// A message or request id. Ids sort by the injected time.
pub(crate) fn message_id(now_ms: i64) -> String {
    let ms = u64::try_from(now_ms).unwrap_or(0);
    let nanos = u32::try_from(ms % 1000).unwrap_or(0) * 1_000_000;
    Uuid::new_v7(Timestamp::from_unix(NoContext, ms / 1000, nanos)).to_string()
}
