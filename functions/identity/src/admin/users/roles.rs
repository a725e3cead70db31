use axum::{Json, extract::State};
use entry::{
    App,
    http::{Admin, Answer, ErrorBody, Id, Params, Valid},
};
use garde::Validate;
use model::{Code, Error, UserId, user::Role};
use serde::Deserialize;
use serde_json::json;
use store::users::User;
use utoipa::{IntoParams, ToSchema};

use crate::admin::{
    deed::{Deed, govern, may_give},
    view::AccountView,
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = RoleAssignment)]
pub(crate) struct Assignment {
    /// Below one's own.
    #[garde(skip)]
    role: Role,
    /// Refused: roles of a channel are given in the channel.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    channel_id: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Removal {
    /// The role that is taken away; whatever it is where nothing is said.
    #[garde(skip)]
    role: Option<Role>,
}

/// Gives an account a role in place of the one it has
#[utoipa::path(
    post,
    path = "/v1/admin/users/{id}/roles",
    tag = "admin",
    operation_id = "admin_assign_role",
    params(("id" = UserId, Path)),
    request_body = Assignment,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, not of a lower role, or a role that one may not give", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "it has this role, `LAST_ADMIN`, or changed at the same time", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn assign(
    State(app): State<App>,
    Admin(staff): Admin,
    Id(id): Id<UserId>,
    Valid(input): Valid<Assignment>,
) -> Answer<Json<AccountView>> {
    if input.channel_id.is_some() {
        return Err(Error::field("channel_id", "roles of a channel are given in the channel").into());
    }
    let role = input.role;
    may_give(&staff, role)?;
    let deed = Deed::new("assign_role", None).with(json!({ "role": role }));
    let after = govern(&app, &staff, id, deed, |before, _| {
        if before.role == role {
            return Err(Error::conflict(Code::Conflict, "the account has this role"));
        }
        Ok(User { role, ..before.clone() })
    })
    .await?;
    Ok(Json(AccountView::of(&after, app.clock.now())))
}

/// Takes an account's role away: it is a member again
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{id}/roles",
    tag = "admin",
    operation_id = "admin_remove_role",
    params(("id" = UserId, Path), Removal),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "no admin, or not of a lower role", body = ErrorBody),
        (status = 404, description = "no such account, or it has no such role", body = ErrorBody),
        (status = 409, description = "`LAST_ADMIN`, or changed at the same time", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(app): State<App>,
    Admin(staff): Admin,
    Id(id): Id<UserId>,
    Params(removal): Params<Removal>,
) -> Answer<Json<AccountView>> {
    let deed = Deed::new("remove_role", None).with(json!({ "role": removal.role }));
    let after = govern(&app, &staff, id, deed, |before, _| {
        let has = removal.role.is_none_or(|role| role == before.role);
        if before.role == Role::Member || !has {
            return Err(Error::NotFound("role"));
        }
        Ok(User { role: Role::Member, ..before.clone() })
    })
    .await?;
    Ok(Json(AccountView::of(&after, app.clock.now())))
}
