//! What admins have done.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | N1 | what was done, newest first | table | `AUDIT#` | `ACTION#{id}` | [`note`], [`page`], [`crate::identity::users::govern`] |

use jiff::Timestamp;
use model::{ActionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Item, Key, Page, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Something that somebody did by their role. Written with what it did, or before it where that is done elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// UUID v7: their order is that of time.
    pub id: ActionId,
    /// `ban_user` and so on.
    pub action: String,
    pub target_type: AuditTarget,
    pub target: String,
    pub admin: UserId,
    pub reason: Option<String>,
    /// What became what, in the words of the request; never a password or token.
    pub metadata: Value,
    pub created_at: Timestamp,
}

/// What it was done to.
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

/// Which are meant; nothing said is all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub action: Option<String>,
    pub target_type: Option<AuditTarget>,
    pub admin: Option<UserId>,
}

/// N1: something that is done elsewhere: by a job, in another subject. 1 write unit.
pub async fn append(store: &Store, action: &AuditEntry) -> Result<()> {
    store.put(action).await
}

/// N1: a page may come back short, with a `next`.
pub async fn page(
    store: &Store,
    filter: &AuditFilter,
    limit: usize,
    cursor: Option<&str>,
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
    store.page(query, limit, cursor, now).await
}
