//! Open invitations to register.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | IDENTITY-18 | one invitation | table | `INVITATIONS#` | `INVITATION#{id}` | [`create`], [`get`], [`delete`] |
//! | IDENTITY-19 | all invitations, newest first | table | `INVITATIONS#` | `INVITATION#…` | [`page`], [`delete_all_of`] |
//!
//! An invitation is deleted when it is used, so one that exists is open. It expires after seven days, with the address in it.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::{
    InvitationId, UserId,
    user::{EmailAddress, UserRole},
};
use serde::{Deserialize, Serialize};

use crate::{
    ConditionExpression, Item, Key, Page, PageRequest, Query, ReadConsistency, Store, TransactWrite,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
    identity::{
        audit_log::AuditEntry,
        users::{self, User},
    },
};

/// The time for which an invitation is valid.
pub const INVITATION_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The right of the owner of an address to register once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// A UUID v7, so that ids sort by time.
    pub id: InvitationId,
    pub email: EmailAddress,
    /// The role of the new account.
    pub role: UserRole,
    pub inviter: UserId,
    /// The hash of the token, which only the mail contains.
    pub token_hash: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Item for Invitation {
    const KIND: &'static str = "invitation";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

fn key(id: InvitationId) -> Key {
    Key::new(&PartitionKey::Invitations, &SortKey::Invitation(id))
}

/// An invitation that a person accepts by registering.
#[derive(Clone, Debug)]
pub struct InvitationAcceptance {
    pub invitation: Invitation,
    /// The inviter as they were read. The registration fails if they have changed since, because they may have lost the right to
    /// invite.
    pub inviter: User,
    /// The entry for a role above that of a member.
    pub audit: Option<AuditEntry>,
}

impl InvitationAcceptance {
    /// Returns the write that uses the invitation up, and the one that checks the inviter.
    pub(crate) fn writes(&self) -> (TransactWrite, TransactWrite) {
        let used = TransactWrite::delete(self.invitation.key(), ConditionExpression::exists());
        let unchanged = ConditionExpression::new("version = :read").number(":read", self.inviter.version);
        (used, TransactWrite::check(users::key(self.inviter.id), unchanged))
    }
}

/// IDENTITY-18. Stores a new invitation. 1 write unit.
pub async fn create(store: &Store, invitation: &Invitation) -> Result<()> {
    store.put(invitation).await
}

/// IDENTITY-18. Returns an invitation, unless it was used, was withdrawn or has expired.
pub async fn get(store: &Store, id: InvitationId, now: Timestamp) -> Result<Option<Invitation>> {
    store.get(&key(id), ReadConsistency::Strong, now).await
}

/// IDENTITY-18. Deletes an invitation, if it exists. 1 write unit.
pub async fn delete(store: &Store, id: InvitationId) -> Result<()> {
    store.delete(&key(id)).await
}

/// IDENTITY-19. Returns a page of the open invitations, newest first.
pub async fn page(store: &Store, request: &PageRequest, now: Timestamp) -> Result<Page<Invitation>> {
    let query = Query::with_prefix(&PartitionKey::Invitations, prefix::INVITATION).newest_first();
    store.page(query, request, now).await
}

/// IDENTITY-19. Deletes all invitations of one inviter.
pub async fn delete_all_of(store: &Store, inviter: UserId, now: Timestamp) -> Result<()> {
    let query = Query::with_prefix(&PartitionKey::Invitations, prefix::INVITATION).strong();
    let all: Vec<Invitation> = store.query_all(query, now).await?;
    let theirs = all.iter().filter(|invitation| invitation.inviter == inviter);
    try_join_all(theirs.map(async |invitation| store.delete(&invitation.key()).await)).await?;
    Ok(())
}
