//! Changes of an account by admins. The change and its audit entry are written in one transaction.

use entry::{App, http::StaffCaller, log_ins::end_revoked_logins};
use jiff::Timestamp;
use model::{
    Error, Room, UserId,
    user::{AccountState, RestrictionKind, UserRole},
};
use protocol::{Event, event::chat::ForceDisconnect};
use serde_json::Value;
use store::{
    WriteOutcome,
    identity::{
        audit_log::{AuditEntry, AuditTarget},
        login_revocations::LoginRevocation,
        users::{self, User, UserSaveOutcome},
    },
    retry_conflict,
};

use crate::{login_lifecycle, save_error::from_save_outcome};

/// The subject of lost attempts in [`retry_conflict`].
const ACCOUNT: &str = "the account";

/// An operation of an admin, as the audit log records it.
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

/// Checks that the caller may change an account. Contract chat 1.3 permits changes of lower roles only, and none of the
/// own account.
///
/// # Errors
/// `Forbidden` if the account is the caller's own or its role is not below the caller's.
pub(crate) fn can_act_on(staff: &StaffCaller, target: UserId, role: UserRole) -> Result<(), Error> {
    if target == staff.account.user {
        return Err(Error::forbidden("you cannot do this to your own account: use /v1/users/me"));
    }
    if !staff.role.outranks(role) {
        return Err(Error::forbidden("you can change only accounts whose role is below yours"));
    }
    Ok(())
}

/// Checks that the caller may give an account this role.
///
/// # Errors
/// `Forbidden` if the role is not below the caller's.
pub(crate) fn can_assign_role(staff: &StaffCaller, role: UserRole) -> Result<(), Error> {
    if staff.role.outranks(role) {
        Ok(())
    } else {
        Err(Error::forbidden("you can give only roles below your own"))
    }
}

/// Reads an account, strongly consistent.
///
/// # Errors
/// `NotFound` if the account does not exist or is deleted.
pub(crate) async fn find_user(app: &App, id: UserId) -> Result<User, Error> {
    let user = users::get_strong(&app.store, id, app.clock.now()).await?;
    user.filter(|user| user.status != AccountState::Deleted).ok_or(Error::NotFound("user"))
}

/// Changes an account and writes the audit entry in the same transaction. Writes nothing if `change` changes nothing.
/// Ends all login sessions if the account may not log in afterwards, also if an earlier attempt failed to end them.
///
/// # Errors
/// `NotFound` for an unknown account, `Forbidden` by roles, `LAST_ADMIN`, and the errors of `change`. `Conflict` if
/// concurrent changes came first each time.
pub(crate) async fn apply_audited(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    change: impl Fn(&User, Timestamp) -> Result<User, Error>,
) -> Result<User, Error> {
    let reason = action.reason.clone();
    let (after, revocation) = save_audited(app, staff, target, action, change).await?;
    if !after.is_active(app.clock.now()) {
        announce_end(app, &after, reason).await;
        match revocation {
            Some(revocation) => end_revoked_logins(app, &revocation).await?,
            // The account was disabled before, and an earlier attempt may have failed to end its login sessions.
            None => login_lifecycle::revoke_other_logins(app, target, None).await?,
        }
    }
    Ok(after)
}

/// Publishes to the sockets of an account why they will close. Without the reason, a client takes a closed socket for an
/// expired login session and offers a new login. If the reason cannot be published, the sockets close without it.
async fn announce_end(app: &App, user: &User, reason: Option<String>) {
    let now = app.clock.now();
    let reason = reason.unwrap_or_else(|| match user.active_restriction(now).map(|it| it.kind) {
        Some(RestrictionKind::Ban) => "this account is banned".into(),
        Some(RestrictionKind::Suspension) => "this account is suspended".into(),
        None => "this account is disabled".into(),
    });
    let why = Event::ForceDisconnect(ForceDisconnect { reason });
    if let Err(error) = app.realtime.publish(Room::User(user.id), why, now).await {
        tracing::warn!(%error, "sockets close without a reason");
    }
}

/// Returns the changed account. If it may not log in any more, also the end of its login sessions, which is written in the same
/// transaction.
async fn save_audited(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    change: impl Fn(&User, Timestamp) -> Result<User, Error>,
) -> Result<(User, Option<LoginRevocation>), Error> {
    let entry = action.into_audit_entry(app, staff, AuditTarget::User, target.to_string());
    let saved = retry_conflict(ACCOUNT, || async {
        let before = find_user(app, target).await?;
        can_act_on(staff, target, before.role)?;
        let now = app.clock.now();
        let mut after = change(&before, now)?;
        if after == before {
            return Ok(WriteOutcome::Applied((before, None)));
        }
        (after.updated_at, after.version) = (now, before.version + 1);
        let revocation = (!after.is_active(now)).then(|| login_lifecycle::new_revocation(app, &before, None));
        match users::replace_with_audit(&app.store, &before, &after, &entry, revocation.as_ref()).await? {
            UserSaveOutcome::Applied => {
                tracing::info!(user.id = %target, action = entry.action, "account changed by an admin");
                Ok(WriteOutcome::Applied((after, revocation)))
            }
            UserSaveOutcome::VersionConflict => Ok(WriteOutcome::ConditionFailed),
            not_saved => Err(from_save_outcome(not_saved)),
        }
    });
    saved.await.map_err(|error| match error {
        Error::Unavailable { service: ACCOUNT, .. } => from_save_outcome(UserSaveOutcome::VersionConflict),
        error => error,
    })
}
