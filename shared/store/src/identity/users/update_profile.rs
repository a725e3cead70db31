//! IDENTITY-1. Profile fields, which need no claim because they are not unique.

use jiff::Timestamp;
use model::{ExpectedVersion, UserId, user::AccountState};

use super::{User, UserSaveOutcome, get_strong, key, replace};
use crate::{
    Store, UpdateExpression, WriteOutcome,
    dynamodb::error::{Result, require_version},
    retry_conflict,
};

/// The fields to change. `Some(None)` clears a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileUpdate {
    pub name: Option<String>,
    pub avatar: Option<Option<String>>,
    pub organization: Option<Option<String>>,
}

impl ProfileUpdate {
    /// Returns the account with the changes.
    pub fn apply(self, before: &User) -> User {
        let before = before.clone();
        User {
            name: self.name.unwrap_or(before.name),
            avatar: self.avatar.unwrap_or(before.avatar),
            organization: self.organization.unwrap_or(before.organization),
            ..before
        }
    }

    /// Returns the write for an account without a user name, which has no directory entry.
    fn update_expression(&self, condition: &str, now: Timestamp) -> Result<UpdateExpression> {
        let mut sets = vec!["updated_at = :now", "version = version + :one"];
        let mut names = Vec::new();
        let mut bound = Vec::new();
        if let Some(name) = &self.name {
            sets.push("#name = :name");
            names.push(("#name", "name"));
            bound.push((":name", Some(name)));
        }
        if let Some(avatar) = &self.avatar {
            sets.push("avatar = :avatar");
            bound.push((":avatar", avatar.as_ref()));
        }
        if let Some(organization) = &self.organization {
            sets.push("#organization = :organization");
            names.push(("#organization", "organization"));
            bound.push((":organization", organization.as_ref()));
        }
        let mut change = UpdateExpression::new(format!("SET {}", sets.join(", ")))
            .with_condition(condition)
            .name("#status", "status")
            .text(":active", "active")
            .text(":now", now)
            .number(":one", 1);
        for (placeholder, attribute) in names {
            change = change.name(placeholder, attribute);
        }
        for (placeholder, value) in bound {
            change = change.serialized(placeholder, &value)?;
        }
        Ok(change)
    }
}

/// IDENTITY-1, IDENTITY-3. Changes the profile of an active account. The condition fails if there is none. 1 write
/// unit, and 1 for the index.
///
/// The directory contains name and avatar too. To change them costs a read more, and for an account with a user name 4
/// write units and 2 for the indexes. An expected version costs that read too.
///
/// # Errors
/// Returns [`crate::StoreError::VersionMismatch`] if the account does not have an expected version.
pub async fn update_profile(
    store: &Store,
    user: UserId,
    update: &ProfileUpdate,
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<WriteOutcome<User>> {
    if update.name.is_none() && update.avatar.is_none() && expected.is_any() {
        return store.update(&key(user), update.update_expression("#status = :active", now)?).await;
    }
    let updated: Result<Option<User>> = retry_conflict("the account", || async {
        let before = get_strong(store, user, now).await?;
        let Some(before) = before.filter(|before| before.status == AccountState::Active) else {
            return Ok(WriteOutcome::Applied(None));
        };
        require_version(expected, before.version)?;
        if before.username.is_none() {
            let change = update.update_expression("#status = :active AND username = :username", now)?;
            let mut change = change.serialized(":username", &before.username)?;
            if !expected.is_any() {
                change = change.and_condition("version = :before").number(":before", before.version);
            }
            return Ok(store.update(&key(user), change).await?.map(Some));
        }
        let after = User { updated_at: now, version: before.version + 1, ..update.clone().apply(&before) };
        Ok(match replace(store, &before, &after).await? {
            UserSaveOutcome::Applied => WriteOutcome::Applied(Some(after)),
            _ => WriteOutcome::ConditionFailed,
        })
    })
    .await;
    Ok(updated?.map_or(WriteOutcome::ConditionFailed, WriteOutcome::Applied))
}
