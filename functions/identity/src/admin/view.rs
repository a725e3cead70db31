//! An account and an audit entry as admins and moderators see them.

use jiff::Timestamp;
use model::{
    ActionId, UserId,
    plan::Plan,
    user::{AccountState, RestrictionKind, UserRole},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::identity::{
    audit_log::{AuditEntry, AuditTarget},
    users::User,
};
use utoipa::ToSchema;

/// The status of an account: deleted, deactivated, banned, suspended or active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountStatus {
    Active,
    Suspended,
    Banned,
    /// Deactivated by an admin.
    Disabled,
    Deleted,
}

impl AccountStatus {
    pub(crate) fn of(user: &User, now: Timestamp) -> Self {
        match (user.status, user.active_restriction(now).map(|restriction| restriction.kind)) {
            (AccountState::Deleted, _) => Self::Deleted,
            (AccountState::Disabled, _) => Self::Disabled,
            (AccountState::Active, Some(RestrictionKind::Ban)) => Self::Banned,
            (AccountState::Active, Some(RestrictionKind::Suspension)) => Self::Suspended,
            (AccountState::Active, None) => Self::Active,
        }
    }
}

/// An account as admins and moderators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AdminAccount {
    id: UserId,
    email: Option<String>,
    /// Whether the owner proved that the address is theirs.
    email_verified: bool,
    name: String,
    username: Option<String>,
    avatar: Option<String>,
    organization: Option<String>,
    role: UserRole,
    /// A list that contains `role`.
    roles: [UserRole; 1],
    is_admin: bool,
    plan: Plan,
    /// Same as `plan`.
    plan_type: Plan,
    status: AccountStatus,
    is_active: bool,
    /// The end of a ban. `null` with the status `banned` means that the ban has no end.
    #[schema(value_type = Option<String>, format = DateTime)]
    banned_until: Option<Timestamp>,
    /// The end of a suspension.
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_until: Option<Timestamp>,
    /// The reason of the ban or the suspension.
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl AdminAccount {
    pub(crate) fn of(user: &User, now: Timestamp) -> Self {
        let restriction = user.active_restriction(now);
        let until = |kind| restriction.filter(|it| it.kind == kind).and_then(|it| it.until);
        Self {
            id: user.id,
            email: user.email.as_ref().map(ToString::to_string),
            email_verified: user.verified_email().is_some(),
            name: user.name.clone(),
            username: user.username.as_ref().map(ToString::to_string),
            avatar: user.avatar.clone(),
            organization: user.organization.clone(),
            role: user.role,
            roles: [user.role],
            is_admin: user.role.is_admin(),
            plan: user.plan,
            plan_type: user.plan,
            status: AccountStatus::of(user, now),
            is_active: user.is_active(now),
            banned_until: until(RestrictionKind::Ban),
            suspended_until: until(RestrictionKind::Suspension),
            reason: restriction.and_then(|it| it.reason.clone()),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditAction)]
pub(crate) struct AuditActionView {
    id: ActionId,
    #[schema(example = "ban_user")]
    action: String,
    target_type: AuditTarget,
    target_id: String,
    admin_id: UserId,
    reason: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<AuditEntry> for AuditActionView {
    fn from(action: AuditEntry) -> Self {
        Self {
            id: action.id,
            action: action.action,
            target_type: action.target_type,
            target_id: action.target,
            admin_id: action.admin,
            reason: action.reason,
            metadata: action.metadata,
            created_at: action.created_at,
        }
    }
}
