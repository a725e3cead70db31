use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson, ValidQuery},
};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use model::{
    Error, ErrorCode, UserId,
    user::{AccountRestriction, RestrictionKind},
};
use serde::Deserialize;
use serde_json::json;
use store::identity::users::User;
use utoipa::{IntoParams, ToSchema};

use super::activate::ReasonRequest;
use crate::admin::{
    deed::{AuditedAction, apply_audited},
    view::AdminAccount,
};

/// Ten years: who means longer means for ever.
const MAX_HOURS: u32 = 87_600;
/// Contract chat 1.3.
const DEFAULT_SUSPENSION_HOURS: u32 = 24;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct RestrictUserRequest {
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// How long; where nothing is said, a ban is for ever and a suspension for 24 hours.
    #[garde(range(min = 1, max = MAX_HOURS))]
    #[schema(minimum = 1, maximum = 87_600)]
    duration_hours: Option<u32>,
}

/// The reason where it comes with the address, as clients of the original have it.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiftRestrictionQuery {
    #[garde(length(chars, max = 500))]
    #[param(max_length = 500)]
    reason: Option<String>,
}

/// An account that is kept out from now on.
///
/// # Errors
/// `Conflict` for suspending who is banned: that would let them in sooner.
pub(crate) fn with_restriction(
    before: &User,
    kind: RestrictionKind,
    hours: Option<u32>,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<User, Error> {
    let is_banned = before.active_restriction(now).is_some_and(|it| it.kind == RestrictionKind::Ban);
    if is_banned && kind == RestrictionKind::Suspension {
        return Err(Error::conflict(ErrorCode::Conflict, "the account is banned"));
    }
    let hours = hours.or((kind == RestrictionKind::Suspension).then_some(DEFAULT_SUSPENSION_HOURS));
    let until = hours.map(|hours| now + SignedDuration::from_hours(hours.into()));
    let restriction = AccountRestriction { kind, until, reason: reason.map(ToOwned::to_owned) };
    Ok(User { restriction: Some(restriction), ..before.clone() })
}

/// An account that is not kept out any more in this way; one that was not stays as it is.
pub(crate) fn without_restriction(before: &User, kind: RestrictionKind) -> User {
    let restriction = before.restriction.clone().filter(|restriction| restriction.kind != kind);
    User { restriction, ..before.clone() }
}

macro_rules! restrictions {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $deed:literal, $kind:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "admin",
            operation_id = $id,
            params(("id" = UserId, Path)),
            request_body = RestrictUserRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = AdminAccount),
                (status = 401, body = ErrorBody),
                (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 409, description = "banned already, `LAST_ADMIN`, or changed at the same time", body = ErrorBody),
                (status = 422, body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            AdminCaller(staff): AdminCaller,
            PathId(id): PathId<UserId>,
            ValidJson(input): ValidJson<RestrictUserRequest>,
        ) -> ApiResult<Json<AdminAccount>> {
            let (hours, reason) = (input.duration_hours, input.reason.as_deref());
            let deed = AuditedAction::new($deed, input.reason.clone()).with_metadata(json!({ "duration_hours": hours }));
            let change = |before: &User, now| with_restriction(before, $kind, hours, reason, now);
            let after = apply_audited(&app, &staff, id, deed, change).await?;
            Ok(Json(AdminAccount::of(&after, app.clock.now())))
        }
    )*};
}

macro_rules! releases {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $deed:literal, $kind:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "admin",
            operation_id = $id,
            params(("id" = UserId, Path), LiftRestrictionQuery),
            request_body = ReasonRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = AdminAccount),
                (status = 401, body = ErrorBody),
                (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 409, description = "changed at the same time", body = ErrorBody),
                (status = 422, body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            AdminCaller(staff): AdminCaller,
            PathId(id): PathId<UserId>,
            ValidQuery(asked): ValidQuery<LiftRestrictionQuery>,
            ValidJson(why): ValidJson<ReasonRequest>,
        ) -> ApiResult<Json<AdminAccount>> {
            let deed = AuditedAction::new($deed, why.reason.or(asked.reason));
            let after = apply_audited(&app, &staff, id, deed, |before, _| Ok(without_restriction(before, $kind))).await?;
            Ok(Json(AdminAccount::of(&after, app.clock.now())))
        }
    )*};
}

restrictions! {
    /// Bans an account: it is logged out at once, its sockets close, and it cannot log in
    ban, "/v1/admin/users/{id}/ban", "admin_ban_user", "ban_user", RestrictionKind::Ban;
    /// Suspends an account, as a ban that always ends
    suspend, "/v1/admin/users/{id}/suspend", "admin_suspend_user", "suspend_user", RestrictionKind::Suspension;
}

releases! {
    /// Lifts a ban before it ends
    unban, "/v1/admin/users/{id}/unban", "admin_unban_user", "unban_user", RestrictionKind::Ban;
    /// Lifts a suspension before it ends
    unsuspend, "/v1/admin/users/{id}/unsuspend", "admin_unsuspend_user", "unsuspend_user", RestrictionKind::Suspension;
}
