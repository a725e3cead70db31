//! What a session came to, when it is over.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | H3 | the report of a session | table | `SESSION#{id}` | `REPORT` | [`get`], [`keep`] |

use jiff::Timestamp;
use model::{SessionId, report::SessionReport};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey},
    },
};

/// A report as JSON text: its size is known before it is written (`model::report::fit`), and a 4.0 stays one.
#[derive(Debug, Serialize, Deserialize)]
struct StoredReport {
    session: SessionId,
    report: String,
}

impl Item for StoredReport {
    const KIND: &'static str = "report";

    fn key(&self) -> Key {
        key(self.session)
    }
}

fn key(session: SessionId) -> Key {
    Key::new(&PartitionKey::Session(session), &SortKey::Report)
}

/// H3: 1 read unit for 4 KB; a usual report has some 20.
pub async fn get(store: &Store, session: SessionId, now: Timestamp) -> Result<Option<SessionReport>> {
    let kept: Option<StoredReport> = store.get(&key(session), ReadConsistency::Strong, now).await?;
    kept.map(|kept| serde_json::from_str(&kept.report).map_err(unreadable)).transpose()
}

/// H3: the first report stands; `Refused` says that one lies there. 1 write unit for 1 KB.
pub async fn put_first(store: &Store, report: &SessionReport, now: Timestamp) -> Result<WriteOutcome> {
    let json = serde_json::to_string(report).map_err(unreadable)?;
    store.put_new(&StoredReport { session: report.session.id, report: json }, now).await
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::InvalidRequest(format!("a report: {error}"))
}
