use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{UserId, user::AccountState};
use serde::Deserialize;
use store::identity::users::User;
use utoipa::ToSchema;

use crate::admin::{
    deed::{AuditedAction, apply_audited},
    view::AdminAccount,
};

/// Why something is done, for the log.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReasonRequest {
    #[garde(length(chars, max = 500))]
    #[schema(max_length = 500)]
    pub(crate) reason: Option<String>,
}

/// An account in this status, whatever it was.
pub(crate) fn with_status(before: &User, status: AccountState) -> User {
    User { status, ..before.clone() }
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $deed:literal, $status:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "admin",
            operation_id = $id,
            params(("id" = UserId, Path)),
            request_body = ReasonRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = AdminAccount),
                (status = 401, body = ErrorBody),
                (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 409, description = "`LAST_ADMIN`, or changed at the same time", body = ErrorBody),
                (status = 422, body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            AdminCaller(staff): AdminCaller,
            PathId(id): PathId<UserId>,
            ValidJson(why): ValidJson<ReasonRequest>,
        ) -> ApiResult<Json<AdminAccount>> {
            let deed = AuditedAction::new($deed, why.reason);
            let after = apply_audited(&app, &staff, id, deed, |before, _| Ok(with_status(before, $status))).await?;
            Ok(Json(AdminAccount::of(&after, app.clock.now())))
        }
    )*};
}

statuses! {
    /// Deactivates an account: it is logged out and cannot log in, everything of it is kept
    deactivate, "/v1/admin/users/{id}/deactivate", "admin_deactivate_user", "deactivate_user", AccountState::Disabled;
    /// Lets a deactivated account log in again
    reactivate, "/v1/admin/users/{id}/reactivate", "admin_reactivate_user", "reactivate_user", AccountState::Active;
}
