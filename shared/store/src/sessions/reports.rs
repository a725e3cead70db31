//! Reports of ended sessions.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-11 | the report of a session | table | `SESSION#{id}` | `REPORT` | [`get`], [`get_linked`], [`put_first`], [`revoke_links`] |

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use model::{SessionId, report::SessionReport};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
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
    /// The links in e-mails are not accepted any more.
    #[serde(default)]
    links_revoked: bool,
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
    let kept = get_stored(store, session, now).await?;
    kept.map(|kept| serde_json::from_str(&kept.report).map_err(unreadable)).transpose()
}

/// SESSIONS-11. Returns the report of a session to a client that has a link, and `None` if the links are revoked. It costs as
/// much as [`get`].
pub async fn get_linked(store: &Store, session: SessionId, now: Timestamp) -> Result<Option<SessionReport>> {
    let kept = get_stored(store, session, now).await?.filter(|kept| !kept.links_revoked);
    kept.map(|kept| serde_json::from_str(&kept.report).map_err(unreadable)).transpose()
}

async fn get_stored(store: &Store, session: SessionId, now: Timestamp) -> Result<Option<StoredReport>> {
    store.get(&key(session), ReadConsistency::Strong, now).await
}

/// SESSIONS-11. Revokes the links to a report. The condition fails if there is no report. 1 write unit for 1 KB, because the
/// report is in the same item.
pub async fn revoke_links(store: &Store, session: SessionId) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET links_revoked = :true")
        .value(":true", AttributeValue::Bool(true))
        .with_condition("attribute_exists(pk)");
    store.update_without_return(&key(session), change).await
}

/// SESSIONS-11. Stores the first report. The condition fails if there is one. 1 write unit for 1 KB.
pub async fn put_first(store: &Store, report: &SessionReport, now: Timestamp) -> Result<WriteOutcome> {
    let json = serde_json::to_string(report).map_err(unreadable)?;
    store.put_new(&StoredReport { session: report.session.id, report: json, links_revoked: false }, now).await
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::InvalidRequest(format!("a report: {error}"))
}
