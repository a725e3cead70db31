//! What the assistant answered in a session, by the wording of the question: the same one asked twice is one call.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | M1 | the answer to this wording | table | `SESSION#{id}` | `ANSWER#{key}` | [`get`], [`keep`] |

use jiff::Timestamp;
use model::SessionId;
use serde::{Deserialize, Serialize};

use crate::{
    Freshness, Item, Key, Store,
    error::Result,
    questions::Reply,
    table::{Pk, Sk},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    session: SessionId,
    /// Of the wording (`model::question::key`).
    wording: String,
    reply: Reply,
}

impl Item for Answered {
    const KIND: &'static str = "answer";

    fn key(&self) -> Key {
        key(self.session, &self.wording)
    }
}

fn key(session: SessionId, wording: &str) -> Key {
    Key::new(&Pk::Session(session), &Sk::Answer(wording))
}

/// M1.
pub async fn get(store: &Store, session: SessionId, wording: &str, now: Timestamp) -> Result<Option<Reply>> {
    let found: Option<Answered> = store.get(&key(session, wording), Freshness::Strong, now).await?;
    Ok(found.map(|found| found.reply))
}

/// M1: 1 write unit by KB.
pub async fn keep(store: &Store, session: SessionId, wording: &str, reply: &Reply) -> Result<()> {
    store.put(&Answered { session, wording: wording.into(), reply: reply.clone() }).await
}
