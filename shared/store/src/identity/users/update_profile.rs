//! U1: what somebody changes about themselves that nobody else can lay claim to.

use jiff::{SignedDuration, Timestamp};
use model::{UserId, user::AccountState};

use super::{User, UserSaveOutcome, get_strong, key, replace};
use crate::{
    Store, UpdateExpression, WriteOutcome,
    dynamodb::error::{Result, StoreError},
};

/// Somebody who changes the same account at the same time is let pass so often.
const MAX_ATTEMPTS: usize = 5;

/// What is to change; `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileUpdate {
    pub name: Option<String>,
    pub avatar: Option<Option<String>>,
    pub organization: Option<Option<String>>,
}

impl ProfileUpdate {
    /// The account as it is to be.
    pub fn apply(self, before: &User) -> User {
        let before = before.clone();
        User {
            name: self.name.unwrap_or(before.name),
            avatar: self.avatar.unwrap_or(before.avatar),
            organization: self.organization.unwrap_or(before.organization),
            ..before
        }
    }

    /// The write of those who have no user name, and so no entry in the directory.
    fn update_expression(&self, condition: &str, now: Timestamp) -> Result<UpdateExpression> {
        let mut sets = vec!["updated_at = :now"];
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
            .text(":now", now);
        for (placeholder, attribute) in names {
            change = change.name(placeholder, attribute);
        }
        for (placeholder, value) in bound {
            change = change.serialized(placeholder, &value)?;
        }
        Ok(change)
    }
}

/// U1, U3: changes an account; `Refused` where there is no active one. 1 write unit, and 1 for the index. Name and avatar
/// stand in the directory too: changing them is a read more, and 4 write units and 2 for who has a user name.
pub async fn update_profile(
    store: &Store,
    user: UserId,
    edit: &ProfileUpdate,
    now: Timestamp,
) -> Result<WriteOutcome<User>> {
    if edit.name.is_none() && edit.avatar.is_none() {
        return store.update(&key(user), edit.update_expression("#status = :active", now)?).await;
    }
    for _ in 0..MAX_ATTEMPTS {
        let before =
            get_strong(store, user, now).await?.filter(|before| before.status == AccountState::Active);
        let Some(before) = before else { return Ok(WriteOutcome::ConditionFailed) };
        if before.username.is_some() {
            // strictly later, since it is what the next change is compared by
            let updated_at = now.max(before.updated_at + SignedDuration::from_millis(1));
            let after = User { updated_at, ..edit.clone().apply(&before) };
            if replace(store, &before, &after).await? == UserSaveOutcome::Applied {
                return Ok(WriteOutcome::Applied(after));
            }
        } else {
            let nameless = edit.update_expression("#status = :active AND username = :username", now)?;
            let nameless = nameless.serialized(":username", &before.username)?;
            if let WriteOutcome::Applied(after) = store.update(&key(user), nameless).await? {
                return Ok(WriteOutcome::Applied(after));
            }
        }
    }
    Err(StoreError::Unavailable("others change the account all the time".into()))
}
