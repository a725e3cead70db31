//! Doing something to somebody's account: may one, and if so it is done and written down, both or neither.

use entry::{App, http::StaffCaller};
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, Room, UserId,
    user::{AccountState, RestrictionKind, UserRole},
};
use protocol::{Event, event::chat::ForceDisconnect};
use serde_json::Value;
use store::identity::{
    audit_log::{AuditEntry, AuditTarget},
    users::{self, User, UserSaveOutcome},
};

use crate::{login_lifecycle, save_error::from_save_outcome};

/// Changes that are tried again because the account was changed in between.
const MAX_ATTEMPTS: usize = 8;

/// What is done, in the words of the log.
#[derive(Clone, Debug)]
pub(crate) struct AuditedAction {
    pub(crate) name: &'static str,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Value,
}

impl AuditedAction {
    pub(crate) const fn new(name: &'static str, reason: Option<String>) -> Self {
        Self { name, reason, metadata: Value::Null }
    }

    pub(crate) fn with_metadata(self, metadata: Value) -> Self {
        Self { metadata, ..self }
    }

    pub(crate) fn into_audit_entry(
        self,
        app: &App,
        staff: &StaffCaller,
        target_type: AuditTarget,
        target: String,
    ) -> AuditEntry {
        AuditEntry {
            id: app.clock.new_id(),
            action: self.name.into(),
            target_type,
            target,
            admin: staff.account.user,
            reason: self.reason,
            metadata: self.metadata,
            created_at: app.clock.now(),
        }
    }
}

/// Contract chat 1.3: on strictly lower roles, and never on oneself.
///
/// # Errors
/// `Forbidden` saying which of the two.
pub(crate) fn can_act_on(staff: &StaffCaller, target: UserId, role: UserRole) -> Result<(), Error> {
    if target == staff.account.user {
        return Err(Error::forbidden("nobody acts on their own account here: see /v1/users/me"));
    }
    if !staff.role.outranks(role) {
        return Err(Error::forbidden("only accounts of a lower role than one's own"));
    }
    Ok(())
}

/// A role that one may give.
///
/// # Errors
/// `Forbidden` for one's own and higher ones.
pub(crate) fn can_assign_role(staff: &StaffCaller, role: UserRole) -> Result<(), Error> {
    if staff.role.outranks(role) {
        Ok(())
    } else {
        Err(Error::forbidden("only roles below one's own are given"))
    }
}

/// An account that there is.
///
/// # Errors
/// `NotFound` for none, and a deleted one.
pub(crate) async fn find_user(app: &App, id: UserId) -> Result<User, Error> {
    let user = users::get_strong(&app.store, id, app.clock.now()).await?;
    user.filter(|user| user.status != AccountState::Deleted).ok_or(Error::NotFound("user"))
}

/// Changes an account and writes down that it was; nothing is written where nothing changes. Whoever may not log in any
/// more is logged out, also when only that was left undone by an earlier try.
///
/// # Errors
/// `NotFound`, `Forbidden` by roles, `LAST_ADMIN`, and what `change` says.
pub(crate) async fn apply_audited(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    change: impl Fn(&User, Timestamp) -> Result<User, Error>,
) -> Result<User, Error> {
    let reason = action.reason.clone();
    let after = save_audited(app, staff, target, action, change).await?;
    if !after.is_active(app.clock.now()) {
        revoke_sessions(app, &after, reason).await?;
    }
    Ok(after)
}

/// Logs somebody out everywhere. Their sockets are told why before they close, so that a client does not take it for a log-in
/// that has grown old, and offers another one; where that cannot be told, they close all the same.
async fn revoke_sessions(app: &App, user: &User, reason: Option<String>) -> Result<(), Error> {
    let now = app.clock.now();
    let reason = reason.unwrap_or_else(|| match user.active_restriction(now).map(|it| it.kind) {
        Some(RestrictionKind::Ban) => "this account is banned".into(),
        Some(RestrictionKind::Suspension) => "this account is suspended".into(),
        None => "this account is disabled".into(),
    });
    let why = Event::ForceDisconnect(ForceDisconnect { reason });
    if let Err(error) = app.realtime.publish(Room::User(user.id), why, now).await {
        tracing::warn!(%error, "sockets close without having been told why");
    }
    login_lifecycle::revoke_other_logins(app, user.id, None).await
}

async fn save_audited(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    change: impl Fn(&User, Timestamp) -> Result<User, Error>,
) -> Result<User, Error> {
    let action = action.into_audit_entry(app, staff, AuditTarget::User, target.to_string());
    for _ in 0..MAX_ATTEMPTS {
        let before = find_user(app, target).await?;
        can_act_on(staff, target, before.role)?;
        let now = app.clock.now();
        let mut after = change(&before, now)?;
        if after == before {
            return Ok(before);
        }
        // strictly later, since it is what the next change is compared by
        after.updated_at = now.max(before.updated_at + SignedDuration::from_millis(1));
        match users::replace_with_audit(&app.store, &before, &after, &action).await? {
            UserSaveOutcome::Applied => {
                tracing::info!(user.id = %target, action = action.action, "account governed");
                return Ok(after);
            }
            UserSaveOutcome::VersionConflict => {}
            refused => return Err(from_save_outcome(refused)),
        }
    }
    Err(from_save_outcome(UserSaveOutcome::VersionConflict))
}
