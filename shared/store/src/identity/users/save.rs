//! Writes of accounts, with what must agree with them: claims, the team's directory, the set of super admins, the audit
//! log.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use model::{
    UserId,
    user::{AccountState, EmailAddress, UserRole},
};

use super::{DirectoryEntry, EmailClaim, User, email_key};
use crate::{
    ConditionExpression, Item, Key, Store, TransactOutcome, TransactWrite, UpdateExpression,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
    identity::{
        audit_log::AuditEntry,
        invitations::InvitationAcceptance,
        known_networks::KnownNetwork,
        log_ins::Login,
        login_revocations::{self, LoginRevocation},
    },
};

/// The outcome of writing an account with its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSaveOutcome {
    Applied,
    EmailTaken,
    UsernameTaken,
    /// No super admin would remain.
    LastAdmin,
    /// The invitation was used or withdrawn, or has expired.
    InvitationGone,
    /// A super admin has existed before, and only the first account may become one by its address.
    SuperAdminExists,
    /// The account has changed since it was read. The caller reads it again.
    VersionConflict,
}

/// The writes of a transaction, each under the outcome that a failure of its condition means.
#[derive(Default)]
struct UserClaimWrites(Vec<(UserSaveOutcome, TransactWrite)>);

impl UserClaimWrites {
    fn add(&mut self, write: TransactWrite, failure: UserSaveOutcome) {
        self.0.push((failure, write));
    }

    fn take_email(&mut self, email: &EmailAddress, owner: UserId) -> Result<()> {
        let write = TransactWrite::put_new(&EmailClaim { email: email.clone(), owner })?;
        self.add(write, UserSaveOutcome::EmailTaken);
        Ok(())
    }

    fn release(&mut self, claim: Key, owner: UserId) {
        self.add(TransactWrite::delete(claim, owned_by(owner)), UserSaveOutcome::VersionConflict);
    }

    /// Adds the writes of the directory entry, which is the claim of the user name.
    fn update_directory(
        &mut self,
        before: Option<&DirectoryEntry>,
        after: Option<&DirectoryEntry>,
    ) -> Result<()> {
        match (before, after) {
            (Some(before), Some(after)) if before.key() == after.key() => {
                if before != after {
                    self.add(
                        TransactWrite::put(after, owned_by(after.owner))?,
                        UserSaveOutcome::VersionConflict,
                    );
                }
            }
            (before, after) => {
                if let Some(before) = before {
                    self.release(before.key(), before.owner);
                }
                if let Some(after) = after {
                    self.add(TransactWrite::put_new(after)?, UserSaveOutcome::UsernameTaken);
                }
            }
        }
        Ok(())
    }

    /// Adds the write of the set of super admins, if the change makes or unmakes one.
    ///
    /// At least one super admin must remain, however many leave concurrently. The set changes in the transaction of the
    /// account, under a condition of its own. Admins are not in the set, because they cannot assign roles. A restricted
    /// account is not in the set until the restriction is lifted, even if it has expired.
    ///
    /// A new account creates the set, or the write is refused. The address in `FIRST_ADMIN_EMAIL` is not verified, so
    /// it makes a super admin once only, even if that account is deleted. An operator who needs to start again deletes
    /// the item.
    fn count_super_admin(&mut self, before: Option<&User>, after: &User) {
        let counts = |user: &User| {
            user.role == UserRole::SuperAdmin
                && user.status == AccountState::Active
                && user.restriction.is_none()
        };
        let was = before.is_some_and(counts);
        if was == counts(after) {
            return;
        }
        let (change, lost) = if was {
            let change = UpdateExpression::new("SET kind = :kind, v = :v DELETE ids :one")
                .with_condition("NOT contains(ids, :id) OR size(ids) > :last")
                .text(":id", after.id)
                .number(":last", 1);
            (change, UserSaveOutcome::LastAdmin)
        } else {
            let change = UpdateExpression::new("SET kind = :kind, v = :v ADD ids :one");
            let change =
                if before.is_none() { change.with_condition("attribute_not_exists(pk)") } else { change };
            (change, UserSaveOutcome::SuperAdminExists)
        };
        let change = change
            .value(":one", AttributeValue::Ss(vec![after.id.to_string()]))
            .text(":kind", "admins")
            .number(":v", 1);
        let key = Key::new(&PartitionKey::Admins, &SortKey::Self_);
        self.add(TransactWrite::update(key, change), lost);
    }

    async fn save(self, store: &Store) -> Result<UserSaveOutcome> {
        Ok(match store.transact(self.0).await? {
            TransactOutcome::Applied => UserSaveOutcome::Applied,
            // The account has changed since it was read, so the other failures may be out of date.
            TransactOutcome::Failed(failures) if failures.contains(UserSaveOutcome::VersionConflict) => {
                UserSaveOutcome::VersionConflict
            }
            TransactOutcome::Failed(failures) => failures.first().unwrap_or(UserSaveOutcome::VersionConflict),
        })
    }
}

fn owned_by(owner: UserId) -> ConditionExpression {
    ConditionExpression::new("#owner = :owner").name("#owner", "owner").text(":owner", owner)
}

/// IDENTITY-1, IDENTITY-2, IDENTITY-3, IDENTITY-7, IDENTITY-15. Creates an account with its claims, its first log-in
/// and the network of that log-in. 8 write units, and 1 for the index. With a user name 10, and 2 for the index. With IDENTITY-18 and
/// IDENTITY-13, uses an invitation up.
pub async fn create(
    store: &Store,
    user: &User,
    login: &Login,
    network: &KnownNetwork,
    accepted: Option<&InvitationAcceptance>,
) -> Result<UserSaveOutcome> {
    let mut claims = creation_writes(user)?;
    claims.add(TransactWrite::put_new(login)?, UserSaveOutcome::VersionConflict);
    claims.add(TransactWrite::put_new(network)?, UserSaveOutcome::VersionConflict);
    if let Some(accepted) = accepted {
        let (deletion, inviter_check) = accepted.writes();
        claims.add(deletion, UserSaveOutcome::InvitationGone);
        claims.add(inviter_check, UserSaveOutcome::VersionConflict);
        if let Some(entry) = &accepted.audit {
            claims.add(TransactWrite::put_new(entry)?, UserSaveOutcome::VersionConflict);
        }
    }
    claims.save(store).await
}

/// IDENTITY-1, IDENTITY-2, IDENTITY-3, IDENTITY-13. Creates an account for another person, with an audit entry.
pub async fn create_with_audit(store: &Store, user: &User, action: &AuditEntry) -> Result<UserSaveOutcome> {
    let mut claims = creation_writes(user)?;
    claims.add(TransactWrite::put_new(action)?, UserSaveOutcome::VersionConflict);
    claims.save(store).await
}

fn creation_writes(user: &User) -> Result<UserClaimWrites> {
    let mut claims = UserClaimWrites::default();
    claims.add(TransactWrite::put_new(user)?, UserSaveOutcome::VersionConflict);
    claims.count_super_admin(None, user);
    if let Some(email) = &user.email {
        claims.take_email(email, user.id)?;
    }
    claims.update_directory(None, DirectoryEntry::from_user(user).as_ref())?;
    Ok(claims)
}

/// IDENTITY-1, IDENTITY-2, IDENTITY-3. Replaces an account as it was read, with its claims and its directory entry. It
/// gets the next version. 2 write units for each item.
pub async fn replace(store: &Store, before: &User, after: &User) -> Result<UserSaveOutcome> {
    change_writes(before, after)?.save(store).await
}

/// IDENTITY-1, IDENTITY-2, IDENTITY-3, IDENTITY-13, IDENTITY-14. Replaces an account as [`replace`] does, with an audit entry and
/// with the end of its log-ins, if they end.
pub async fn replace_with_audit(
    store: &Store,
    before: &User,
    after: &User,
    action: &AuditEntry,
    revocation: Option<&LoginRevocation>,
) -> Result<UserSaveOutcome> {
    let mut claims = change_writes(before, after)?;
    claims.add(TransactWrite::put_new(action)?, UserSaveOutcome::VersionConflict);
    if let Some(revocation) = revocation {
        claims.add(login_revocations::revocation_write(revocation)?, UserSaveOutcome::VersionConflict);
    }
    claims.save(store).await
}

fn change_writes(before: &User, after: &User) -> Result<UserClaimWrites> {
    let mut claims = UserClaimWrites::default();
    let unchanged = ConditionExpression::new("version = :read").number(":read", before.version);
    let next = User { version: before.version + 1, ..after.clone() };
    claims.add(TransactWrite::put(&next, unchanged)?, UserSaveOutcome::VersionConflict);
    claims.count_super_admin(Some(before), after);
    if before.email != after.email {
        if let Some(email) = &before.email {
            claims.release(email_key(email), before.id);
        }
        if let Some(email) = &after.email {
            claims.take_email(email, after.id)?;
        }
    }
    claims.update_directory(
        DirectoryEntry::from_user(before).as_ref(),
        DirectoryEntry::from_user(after).as_ref(),
    )?;
    Ok(claims)
}

/// IDENTITY-1, IDENTITY-2, IDENTITY-3, IDENTITY-14. Deletes an account as it was read. Its address and its user name become free. An
/// empty item remains, for references to the account. `revocation` ends its log-ins.
pub async fn erase(
    store: &Store,
    user: &User,
    revocation: &LoginRevocation,
    now: Timestamp,
) -> Result<UserSaveOutcome> {
    let mut claims = change_writes(user, &user.erased(now))?;
    claims.add(login_revocations::revocation_write(revocation)?, UserSaveOutcome::VersionConflict);
    claims.save(store).await
}
