//! The audit log: what admins have done.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-13 | what was done, newest first | table | `AUDIT#` | `ACTION#{id}` | [`append`], [`page`] |
//!
//! Most entries are written in the transaction of the change that they describe
//! ([`crate::identity::users::replace_with_audit`]).

use jiff::Timestamp;
use model::{ActionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Item, Key, Page, PageRequest, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// An action that an admin took by their role. It is written with the change that it describes, or before it if another
/// area makes the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// A UUID v7, so that ids sort by time.
    pub id: ActionId,
    /// The action, such as `ban_user`.
    pub action: String,
    pub target_type: AuditTarget,
    pub target: String,
    pub admin: UserId,
    pub reason: Option<String>,
    /// What was changed into what, in the words of the request. Never a password or a token.
    pub metadata: Value,
    pub created_at: Timestamp,
}

/// The kind of thing that the action changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditTarget {
    User,
    Role,
    Session,
    Channel,
    Message,
}

impl Item for AuditEntry {
    const KIND: &'static str = "audit_entry";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::AuditLog, &SortKey::AuditEntry(self.id))
    }
}

/// A filter of entries. An empty filter matches all of them.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub action: Option<String>,
    pub target_type: Option<AuditTarget>,
    pub admin: Option<UserId>,
}

/// IDENTITY-13. Appends an entry for a change that a job or another area makes. 1 write unit.
pub async fn append(store: &Store, action: &AuditEntry) -> Result<()> {
    store.put(action).await
}

/// IDENTITY-13. Returns a page of entries, newest first. A page may be short and have a cursor.
pub async fn page(
    store: &Store,
    filter: &AuditFilter,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<AuditEntry>> {
    let mut query = Query::with_prefix(&PartitionKey::AuditLog, prefix::ACTION).newest_first();
    let target = filter.target_type.map(serde_json::to_value).transpose().ok().flatten();
    let wanted = [
        ("#action", "action", ":action", filter.action.clone()),
        ("#type", "target_type", ":type", target.and_then(|target| target.as_str().map(Into::into))),
        ("#admin", "admin", ":admin", filter.admin.map(|admin| admin.to_string())),
    ];
    let wanted: Vec<_> = wanted
        .into_iter()
        .filter_map(|(name, attribute, bound, value)| Some((name, attribute, bound, value?)))
        .collect();
    if !wanted.is_empty() {
        let parts: Vec<String> =
            wanted.iter().map(|(name, _, bound, _)| format!("{name} = {bound}")).collect();
        query = query.filter(&parts.join(" AND "), |condition| {
            wanted.iter().fold(condition, |condition, (name, attribute, bound, value)| {
                condition.name(name, attribute).text(bound, value)
            })
        });
    }
    store.page(query, request, now).await
}
