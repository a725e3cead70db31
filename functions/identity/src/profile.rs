//! An account as its owner sees it, and as other users see it.

use entry::http::EntityTag;
use jiff::Timestamp;
use model::{
    UserId,
    plan::Plan,
    user::{AccountState, UserRole},
};
use serde::Serialize;
use store::identity::users::{DirectoryEntry, User};
use utoipa::ToSchema;

/// The kind of an account in tags.
pub(crate) const ACCOUNT: &str = "account";

/// Returns the tag of an account, which stands for all that its owner sees.
pub(crate) const fn account_tag(user: &User) -> EntityTag {
    EntityTag::new(ACCOUNT, user.version)
}

/// An account as its owner sees it. Some facts have several names, because clients of the originals read different
/// ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OwnProfile {
    id: UserId,
    email: Option<String>,
    /// Whether the owner proved that the address is theirs. Without it, the account gets no mail but the verification and the password
    /// reset.
    email_verified: bool,
    name: String,
    /// Same as `name`.
    full_name: String,
    /// Same as `name`.
    display_name: String,
    username: Option<String>,
    avatar: Option<String>,
    /// Same as `avatar`.
    avatar_url: Option<String>,
    organization: Option<String>,
    plan: Plan,
    /// Same as `plan`.
    plan_type: Plan,
    role: UserRole,
    status: AccountState,
    is_active: bool,
    is_admin: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<&User> for OwnProfile {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_ref().map(ToString::to_string),
            email_verified: user.verified_email().is_some(),
            name: user.name.clone(),
            full_name: user.name.clone(),
            display_name: user.name.clone(),
            username: user.username.as_ref().map(ToString::to_string),
            avatar: user.avatar.clone(),
            avatar_url: user.avatar.clone(),
            organization: user.organization.clone(),
            plan: user.plan,
            plan_type: user.plan,
            role: user.role,
            status: user.status,
            is_active: user.status == AccountState::Active,
            is_admin: user.role.is_admin(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// An account as other users see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
// Only for the OpenAPI document: without it, `OwnProfile` would match this schema too.
#[serde(deny_unknown_fields)]
pub(crate) struct UserProfile {
    id: UserId,
    name: String,
    username: Option<String>,
    avatar: Option<String>,
}

impl From<&User> for UserProfile {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            username: user.username.as_ref().map(ToString::to_string),
            avatar: user.avatar.clone(),
        }
    }
}

impl From<DirectoryEntry> for UserProfile {
    fn from(entry: DirectoryEntry) -> Self {
        let username = Some(entry.username.to_string());
        Self { id: entry.owner, name: entry.name, username, avatar: entry.avatar }
    }
}
