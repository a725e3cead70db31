//! SESSIONS-8. The leaderboard of a session's quizzes.

use jiff::Timestamp;
use model::{SessionId, leaderboard::LeaderboardEntry};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// A leaderboard as it was last computed. It is derived from the answers, so its loss loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderboardSnapshot {
    pub session: SessionId,
    /// The entries, best first.
    pub ranked: Vec<LeaderboardEntry>,
    /// The time of the computation in milliseconds since 1970.
    pub as_of: i64,
}

impl Item for LeaderboardSnapshot {
    const KIND: &'static str = "leaderboard";

    fn key(&self) -> Key {
        key(self.session)
    }
}

fn key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Leaderboard)
}

/// SESSIONS-8. Stores a leaderboard, unless a newer one exists.
pub async fn save_leaderboard(store: &Store, leaderboard: &LeaderboardSnapshot) -> Result<WriteOutcome> {
    let newer = ConditionExpression::new("attribute_not_exists(pk) OR as_of <= :as_of")
        .number(":as_of", leaderboard.as_of);
    store.put_if(leaderboard, newer).await
}

/// SESSIONS-8. Returns the leaderboard. Eventually consistent, because it is computed seconds after the answers.
pub async fn get_leaderboard(
    store: &Store,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<LeaderboardSnapshot>> {
    store.get(&key(session), ReadConsistency::Eventual, now).await
}
