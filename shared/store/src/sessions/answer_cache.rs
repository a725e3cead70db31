//! Answers of the assistant in a session, by the wording of the question. A question that is asked twice costs one
//! model call.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-16 | the answer to this wording | table | `SESSION#{id}` | `ANSWER#{key}` | [`get`], [`put`] |

use jiff::Timestamp;
use model::SessionId;
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
    sessions::questions::QuestionReply,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CachedAnswer {
    session: SessionId,
    /// The key of the wording (`model::question`).
    wording: String,
    reply: QuestionReply,
}

impl Item for CachedAnswer {
    const KIND: &'static str = "cached_answer";

    fn key(&self) -> Key {
        key(self.session, &self.wording)
    }
}

fn key(session: SessionId, wording: &str) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::CachedAnswer(wording))
}

/// SESSIONS-16. Returns the answer to a wording.
pub async fn get(
    store: &Store,
    session: SessionId,
    wording: &str,
    now: Timestamp,
) -> Result<Option<QuestionReply>> {
    let found: Option<CachedAnswer> = store.get(&key(session, wording), ReadConsistency::Strong, now).await?;
    Ok(found.map(|found| found.reply))
}

/// SESSIONS-16. Stores the answer to a wording. 1 write unit for each KB.
pub async fn put(store: &Store, session: SessionId, wording: &str, reply: &QuestionReply) -> Result<()> {
    store.put(&CachedAnswer { session, wording: wording.into(), reply: reply.clone() }).await
}
