//! Reports of ended sessions.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-11 | the report of a session | table | `SESSION#{id}` | `REPORT` | [`get`], [`put_first`] |

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

/// A report as JSON text. Its size is known before it is written (`model::report`), and the number 4.0 keeps its form.
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

/// SESSIONS-11. Returns the report of a session. 1 read unit for 4 KB. A usual report has about 20 KB.
pub async fn get(store: &Store, session: SessionId, now: Timestamp) -> Result<Option<SessionReport>> {
    let kept: Option<StoredReport> = store.get(&key(session), ReadConsistency::Strong, now).await?;
    kept.map(|kept| serde_json::from_str(&kept.report).map_err(unreadable)).transpose()
}

/// SESSIONS-11. Stores the first report. The condition fails if there is one. 1 write unit for 1 KB.
pub async fn put_first(store: &Store, report: &SessionReport, now: Timestamp) -> Result<WriteOutcome> {
    let json = serde_json::to_string(report).map_err(unreadable)?;
    store.put_new(&StoredReport { session: report.session.id, report: json }, now).await
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::InvalidRequest(format!("a report: {error}"))
}
