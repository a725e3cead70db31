//! Unfinished ends of several log-ins, as after a ban, a deletion, a new password, or "log out everywhere".
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-14 | one unfinished end of several log-ins | table | `USER#{user}` | `REVOCATION#{id}` | [`get`], [`begin`], [`finish`] |
//!
//! The item is written in the transaction that decides that the log-ins end, and deleted after they have ended and their sockets are
//! closed. If the process dies in between, the item stays in the `due` index and the clock has the rest done.
//!
//! Versions and not times say which log-ins end. A later log-in has read the changed account, so it has at least its version. The
//! alternative, an end of all log-ins that exist when the work is finished, would end the log-in after an unban.

use jiff::{SignedDuration, Timestamp};
use model::{LoginId, LoginRevocationId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, TransactOutcome, TransactWrite, UpdateExpression,
    WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
    identity::{
        log_ins::Login,
        users::{self, User},
    },
};

/// The request that ends the log-ins is done within this time. If it dies, the clock has the rest done.
const REQUEST_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// The end of all log-ins of an account from before a version of the account, but one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRevocation {
    pub user: UserId,
    pub id: LoginRevocationId,
    /// The version that the account got by the change. Log-ins of older versions end.
    pub account_version: u64,
    /// The log-in that stays.
    pub keep: Option<LoginId>,
    pub requested_at: Timestamp,
}

impl Item for LoginRevocation {
    const KIND: &'static str = "login_revocation";

    fn key(&self) -> Key {
        key(self.user, self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.requested_at + REQUEST_PERIOD)
    }
}

impl LoginRevocation {
    /// Creates the end of the log-ins of an account that changes now.
    pub const fn of_change(
        before: &User,
        id: LoginRevocationId,
        keep: Option<LoginId>,
        now: Timestamp,
    ) -> Self {
        Self { user: before.id, id, account_version: before.version + 1, keep, requested_at: now }
    }

    /// Returns whether this ends a log-in.
    pub fn ends(&self, login: &Login) -> bool {
        login.account_version < self.account_version && Some(login.id) != self.keep
    }
}

fn key(user: UserId, id: LoginRevocationId) -> Key {
    Key::new(&PartitionKey::User(user), &SortKey::LoginRevocation(id))
}

/// IDENTITY-14. Returns a revocation, or `None` if it is finished.
pub async fn get(
    store: &Store,
    user: UserId,
    id: LoginRevocationId,
    now: Timestamp,
) -> Result<Option<LoginRevocation>> {
    store.get(&key(user, id), ReadConsistency::Strong, now).await
}

/// IDENTITY-14, IDENTITY-1. Writes a revocation, and gives the account the next version, so that later log-ins differ from those that
/// end. The condition fails if the account has changed since it was read. 4 write units, and 1 for the index.
pub async fn begin(store: &Store, user: &User, revocation: &LoginRevocation) -> Result<WriteOutcome> {
    let next = UpdateExpression::new("SET version = version + :one")
        .with_condition("version = :read")
        .number(":one", 1)
        .number(":read", user.version);
    let writes = vec![
        ("user", TransactWrite::update(users::key(user.id), next)),
        ("revocation", revocation_write(revocation)?),
    ];
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => WriteOutcome::Applied(()),
        TransactOutcome::Failed(_) => WriteOutcome::ConditionFailed,
    })
}

/// Returns the write of a revocation, for the transaction of the change that it follows from.
pub(crate) fn revocation_write(revocation: &LoginRevocation) -> Result<TransactWrite> {
    TransactWrite::put_new(revocation)
}

/// IDENTITY-14. Deletes a revocation, after all its log-ins have ended and their sockets are closed. 1 write unit, and 1 for the
/// index.
pub async fn finish(store: &Store, revocation: &LoginRevocation) -> Result<()> {
    store.delete_if(&revocation.key(), ConditionExpression::exists()).await
}
