//! Who leads in the quizzes of a session, as last computed: S8.

use jiff::Timestamp;
use model::{SessionId, leaderboard::Entry};
use serde::{Deserialize, Serialize};

use crate::{
    Condition, Freshness, Item, Key, Store, Written,
    error::Result,
    table::{Pk, Sk},
};

/// Nothing is lost with it: it follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaderboard {
    pub session: SessionId,
    /// Best first.
    pub ranked: Vec<Entry>,
    /// Milliseconds since 1970.
    pub as_of: i64,
}

impl Item for Leaderboard {
    const KIND: &'static str = "leaderboard";

    fn key(&self) -> Key {
        key(self.session)
    }
}

fn key(session: SessionId) -> Key {
    Key::new(&Pk::Session(session), &Sk::Leaderboard)
}

/// S8: keeps it unless a newer one lies there.
pub async fn keep_leaderboard(store: &Store, leaderboard: &Leaderboard) -> Result<Written> {
    let newer =
        Condition::new("attribute_not_exists(pk) OR as_of <= :as_of").number(":as_of", leaderboard.as_of);
    store.put_if(leaderboard, newer).await
}

/// S8. Eventual: who leads is computed seconds after what it follows from.
pub async fn leaderboard(store: &Store, session: SessionId, now: Timestamp) -> Result<Option<Leaderboard>> {
    store.get(&key(session), Freshness::Eventual, now).await
}
