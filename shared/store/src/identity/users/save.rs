//! Accounts are written here, with whatever must agree with them: claims, the team's directory, the set of super admins,
//! what an admin did.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use model::{
    UserId,
    user::{AccountState, EmailAddress, UserRole},
};

use super::{DirectoryEntry, EmailClaim, User, email_key};
use crate::{
    ConditionExpression, Item, Key, Store, TransactWrite, UpdateExpression,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
    identity::{audit_log::AuditEntry, log_ins::Login},
};

/// What an account and its claims came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserSaveOutcome {
    Applied,
    EmailTaken,
    UsernameTaken,
    /// Nobody would be left who can make admins.
    LastAdmin,
    /// There was a super admin before: the role is given once.
    SuperAdminExists,
    /// Somebody changed the account in between: read it again.
    VersionConflict,
}

/// The writes of a transaction, each with what it means when its condition does not hold.
#[derive(Default)]
struct UserClaimWrites {
    writes: Vec<TransactWrite>,
    meanings: Vec<UserSaveOutcome>,
}

impl UserClaimWrites {
    fn add(&mut self, write: TransactWrite, lost: UserSaveOutcome) {
        self.writes.push(write);
        self.meanings.push(lost);
    }

    fn take_email(&mut self, email: &EmailAddress, owner: UserId) -> Result<()> {
        let write = TransactWrite::put_new(&EmailClaim { email: email.clone(), owner })?;
        self.add(write, UserSaveOutcome::EmailTaken);
        Ok(())
    }

    fn release(&mut self, claim: Key, owner: UserId) {
        self.add(TransactWrite::delete(claim, owned_by(owner)), UserSaveOutcome::VersionConflict);
    }

    /// The user name, and what the directory shows of its account.
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

    /// A super admin must remain, however many leave at once: the set changes with the account, and by a condition of its
    /// own. Admins are not in it: they can make nobody an admin. Somebody whom a restriction keeps out is not in it, also
    /// when it has lapsed, until it is lifted.
    ///
    /// A new account opens the set or is refused, so that the address of `FIRST_ADMIN_EMAIL`, which nobody proves, is good
    /// once, whatever becomes of the account. An operator who has to begin anew deletes the item.
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
        Ok(match store.transact(self.writes).await? {
            Ok(()) => UserSaveOutcome::Applied,
            Err(lost) => {
                let lost: Vec<UserSaveOutcome> =
                    lost.iter().filter_map(|at| self.meanings.get(*at)).copied().collect();
                // what was read is old: whether the rest is taken has to be asked again
                let stale = lost.contains(&UserSaveOutcome::VersionConflict);
                lost.first().copied().filter(|_| !stale).unwrap_or(UserSaveOutcome::VersionConflict)
            }
        })
    }
}

fn owned_by(owner: UserId) -> ConditionExpression {
    ConditionExpression::new("#owner = :owner").name("#owner", "owner").text(":owner", owner)
}

/// U1 to U3, L1: a new account with its claims and its first log-in. 6 write units, and 1 for the index;
/// with a user name 8, and 2.
pub async fn create(store: &Store, user: &User, login: &Login) -> Result<UserSaveOutcome> {
    let mut claims = creation_writes(user)?;
    claims.add(TransactWrite::put_new(login)?, UserSaveOutcome::VersionConflict);
    claims.save(store).await
}

/// U1 to U3, N1: a new account that somebody else makes, and that they did.
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

/// U1 to U3: an account as it was read becomes another one; claims and the directory follow. 2 write units each.
pub async fn replace(store: &Store, before: &User, after: &User) -> Result<UserSaveOutcome> {
    change_writes(before, after)?.save(store).await
}

/// U1 to U3, N1: as [`replace`], by somebody else, and that they did.
pub async fn replace_with_audit(
    store: &Store,
    before: &User,
    after: &User,
    action: &AuditEntry,
) -> Result<UserSaveOutcome> {
    let mut claims = change_writes(before, after)?;
    claims.add(TransactWrite::put_new(action)?, UserSaveOutcome::VersionConflict);
    claims.save(store).await
}

fn change_writes(before: &User, after: &User) -> Result<UserClaimWrites> {
    let mut claims = UserClaimWrites::default();
    let unchanged = ConditionExpression::new("updated_at = :read").text(":read", before.updated_at);
    claims.add(TransactWrite::put(after, unchanged)?, UserSaveOutcome::VersionConflict);
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

/// U1 to U3: deletes an account as it was read. Its address and user name are free again; what remains is an empty item
/// that says so, for whoever still names it.
pub async fn erase(store: &Store, user: &User, now: Timestamp) -> Result<UserSaveOutcome> {
    replace(store, user, &user.erased(now)).await
}
