//! How a member wants to be notified of missed mentions and of reports.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-19 | the preferences of a member | table | `CHAT#{user}` | `PREFERENCES` | [`get`], [`put`], [`unsubscribe`] |
//!
//! Each preference is an attribute of its own, so that a link in an e-mail turns off one kind without reading the others.

use jiff::Timestamp;
use model::{
    UserId,
    notification::{DigestFrequency, MailSubscription, NotificationPreferences, QuietHours},
};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, ReadConsistency, Store, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey},
    },
};

#[derive(Debug, Serialize, Deserialize)]
struct StoredPreferences {
    user: UserId,
    #[serde(default)]
    mail_digest: DigestFrequency,
    #[serde(default = "report_mail_default")]
    report_mail: bool,
    #[serde(default)]
    quiet_hours: Option<QuietHours>,
}

fn report_mail_default() -> bool {
    NotificationPreferences::default().report_mail
}

impl Item for StoredPreferences {
    const KIND: &'static str = "preferences";

    fn key(&self) -> Key {
        key(self.user)
    }
}

impl From<StoredPreferences> for NotificationPreferences {
    fn from(stored: StoredPreferences) -> Self {
        let StoredPreferences { mail_digest, report_mail, quiet_hours, .. } = stored;
        Self { mail_digest, report_mail, quiet_hours }
    }
}

/// The preferences to store.
#[derive(Clone, Debug)]
pub struct PreferencesUpdate {
    pub mail_digest: DigestFrequency,
    pub quiet_hours: Option<QuietHours>,
    /// `None` keeps the stored value.
    pub report_mail: Option<bool>,
}

impl From<NotificationPreferences> for PreferencesUpdate {
    fn from(preferences: NotificationPreferences) -> Self {
        let NotificationPreferences { mail_digest, report_mail, quiet_hours } = preferences;
        Self { mail_digest, quiet_hours, report_mail: Some(report_mail) }
    }
}

fn key(user: UserId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::Preferences)
}

/// Returns a change that also creates the item.
fn change(user: UserId, assignments: &str) -> UpdateExpression {
    UpdateExpression::new(format!("SET kind = :kind, v = :v, #user = :user, {assignments}"))
        .name("#user", "user")
        .text(":user", user)
        .text(":kind", StoredPreferences::KIND)
        .number(":v", StoredPreferences::VERSION)
}

/// CHAT-19. Returns the preferences of a member, or the defaults.
pub async fn get(
    store: &Store,
    user: UserId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<NotificationPreferences> {
    let found: Option<StoredPreferences> = store.get(&key(user), consistency, now).await?;
    Ok(found.map(Into::into).unwrap_or_default())
}

/// CHAT-19. Stores the preferences of a member and returns all of them. 1 write unit.
pub async fn put(
    store: &Store,
    user: UserId,
    update: impl Into<PreferencesUpdate>,
) -> Result<NotificationPreferences> {
    let PreferencesUpdate { mail_digest, quiet_hours, report_mail } = update.into();
    let assignments = match report_mail {
        Some(_) => "mail_digest = :digest, quiet_hours = :hours, report_mail = :report",
        None => "mail_digest = :digest, quiet_hours = :hours",
    };
    let mut change =
        change(user, assignments).serialized(":digest", &mail_digest)?.serialized(":hours", &quiet_hours)?;
    if let Some(report_mail) = report_mail {
        change = change.serialized(":report", &report_mail)?;
    }
    match store.update::<StoredPreferences>(&key(user), change).await? {
        WriteOutcome::Applied(stored) => Ok(stored.into()),
        WriteOutcome::ConditionFailed => Err(StoreError::NotFound("preferences")),
    }
}

/// CHAT-19. Turns off one kind of e-mail and leaves the other preferences as they are. 1 write unit.
pub async fn unsubscribe(store: &Store, user: UserId, subscription: MailSubscription) -> Result<()> {
    let change = match subscription {
        MailSubscription::MentionDigest => {
            change(user, "mail_digest = :off").serialized(":off", &DigestFrequency::Off)?
        }
        MailSubscription::Report => change(user, "report_mail = :off").serialized(":off", &false)?,
    };
    store.update_without_return(&key(user), change).await.map(drop)
}
