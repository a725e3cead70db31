//! Who leads in the quizzes of a session, as last computed: S8.

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

/// Nothing is lost with it: it follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderboardSnapshot {
    pub session: SessionId,
    /// Best first.
    pub ranked: Vec<LeaderboardEntry>,
    /// Milliseconds since 1970.
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

/// S8: keeps it unless a newer one lies there.
pub async fn save_leaderboard(store: &Store, leaderboard: &LeaderboardSnapshot) -> Result<WriteOutcome> {
    let newer = ConditionExpression::new("attribute_not_exists(pk) OR as_of <= :as_of")
        .number(":as_of", leaderboard.as_of);
    store.put_if(leaderboard, newer).await
}

/// S8. Eventual: who leads is computed seconds after what it follows from.
pub async fn get_leaderboard(
    store: &Store,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<LeaderboardSnapshot>> {
    store.get(&key(session), ReadConsistency::Eventual, now).await
}
