use axum::{Json, extract::State};
use entry::{
    App,
    http::{Admin, Answer, ErrorBody, Id},
};
use http::StatusCode;
use model::{Code, Error, UserId};
use store::audit::{self, Target};

use crate::{
    admin::deed::{Deed, found, may_act_on},
    auth::{Done, password_reset},
};

/// Mails an account a link that sets a new password
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/password-reset",
    tag = "admin",
    operation_id = "admin_reset_password",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = Done),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "`ACCOUNT_DISABLED`: it could not log in with it", body = ErrorBody),
    )
)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    Admin(staff): Admin,
    Id(id): Id<UserId>,
) -> Answer<(StatusCode, Json<Done>)> {
    let user = found(&app, id).await?;
    may_act_on(&staff, id, user.role)?;
    if !user.is_active(app.clock.now()) {
        return Err(Error::conflict(Code::AccountDisabled, "this account cannot log in").into());
    }
    // before the mail: one that was sent and not written down would be worse than the other way round
    let action = Deed::new("reset_password", None).by(&app, &staff, Target::User, id.to_string());
    audit::note(&app.store, &action).await?;
    password_reset::mail(&app, id).await?;
    Ok((StatusCode::ACCEPTED, Json(Done { message: "A mail is on its way." })))
}
