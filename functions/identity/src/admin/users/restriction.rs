//! Bans and suspensions. Both refuse logins. A suspension always ends.

use entry::{App, http::StaffCaller};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, ErrorCode, UserId, text,
    user::{AccountRestriction, RestrictionKind},
};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::{IntoParams, ToSchema};

use crate::admin::{
    audited_change::{AuditedAction, apply_audited},
    view::AdminAccount,
};

/// Ten years, the longest restriction with an end. A ban without a duration has no end.
const MAX_HOURS: u32 = 87_600;
/// Contract chat 1.3.
const DEFAULT_SUSPENSION_HOURS: u32 = 24;

/// The reason and the duration of a ban or a suspension.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct RestrictUserRequest {
    /// A text for the audit log and for the account's open sockets.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[schema(max_length = 500)]
    pub(super) reason: Option<String>,
    /// Hours until the restriction ends. Without it, a ban has no end and a suspension ends after 24 hours.
    #[garde(range(min = 1, max = MAX_HOURS))]
    #[schema(minimum = 1, maximum = 87_600)]
    duration_hours: Option<u32>,
}

/// The reason in the query, as clients of the original send it.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiftRestrictionQuery {
    /// A text for the audit log. The `reason` of the body takes precedence.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[param(max_length = 500)]
    pub(super) reason: Option<String>,
}

/// Returns the account with a restriction that begins now.
///
/// # Errors
/// `Conflict` for a suspension of a banned account. The suspension could end before the ban.
pub(crate) fn with_restriction(
    before: &User,
    kind: RestrictionKind,
    hours: Option<u32>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<User, Error> {
    let is_banned = before.active_restriction(now).is_some_and(|it| it.kind == RestrictionKind::Ban);
    if is_banned && kind == RestrictionKind::Suspension {
        return Err(Error::conflict(
            ErrorCode::Conflict,
            "the account is banned: lift the ban before you suspend the account",
        ));
    }
    let hours = hours.or((kind == RestrictionKind::Suspension).then_some(DEFAULT_SUSPENSION_HOURS));
    let until = hours.map(|hours| now + SignedDuration::from_hours(hours.into()));
    let restriction = AccountRestriction { kind, until, reason: reason.map(ToOwned::to_owned) };
    Ok(User { restriction: Some(restriction), ..before.clone() })
}

/// Returns the account without a restriction of this kind. An account without one stays unchanged.
pub(crate) fn without_restriction(before: &User, kind: RestrictionKind) -> User {
    let restriction = before.restriction.clone().filter(|restriction| restriction.kind != kind);
    User { restriction, ..before.clone() }
}

/// Restricts an account and writes the audit entry.
///
/// # Errors
/// The errors of [`apply_audited`] and of [`with_restriction`].
pub(super) async fn restrict(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    input: &RestrictUserRequest,
    kind: RestrictionKind,
) -> Result<AdminAccount, Error> {
    let hours = input.duration_hours;
    let reason = input.reason.as_deref();
    let action = action.with_metadata(json!({ "duration_hours": hours }));
    let change = |before: &User, now| with_restriction(before, kind, hours, reason, now);
    let after = apply_audited(app, staff, target, action, change).await?;
    Ok(AdminAccount::of(&after, app.clock.now()))
}

/// Lifts the restriction of this kind and writes the audit entry.
///
/// # Errors
/// The errors of [`apply_audited`].
pub(super) async fn lift_restriction(
    app: &App,
    staff: &StaffCaller,
    target: UserId,
    action: AuditedAction,
    kind: RestrictionKind,
) -> Result<AdminAccount, Error> {
    let after =
        apply_audited(app, staff, target, action, |before, _| Ok(without_restriction(before, kind))).await?;
    Ok(AdminAccount::of(&after, app.clock.now()))
}
