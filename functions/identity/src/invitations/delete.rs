//! Withdrawing an invitation.

use axum::extract::State;
use entry::{
    App,
    http::{ApiResult, ErrorBody, ModeratorCaller, PathId},
};
use http::StatusCode;
use model::{Error, InvitationId};
use store::identity::invitations;

use crate::admin::can_assign_role;

/// Withdraw an invitation
///
/// Makes the link of an invitation invalid. The inviter may do this, and each person who could give the role of the invitation. For
/// moderators.
#[utoipa::path(
    delete,
    path = "/v1/invitations/{id}",
    tag = "identity",
    operation_id = "delete_invitation",
    params(("id" = InvitationId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The invitation is withdrawn."),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not a moderator, or the role of another person's invitation is not below the caller's.",
            body = ErrorBody
        ),
        (status = 404, description = "The invitation does not exist, was used, or has expired.", body = ErrorBody),
    )
)]
pub(crate) async fn delete_invitation(
    State(app): State<App>,
    ModeratorCaller(staff): ModeratorCaller,
    PathId(id): PathId<InvitationId>,
) -> ApiResult<StatusCode> {
    let found = invitations::get(&app.store, id, app.clock.now()).await?;
    let invitation = found.ok_or(Error::NotFound("invitation"))?;
    if invitation.inviter != staff.account.user {
        can_assign_role(&staff, invitation.role)?;
    }
    invitations::delete(&app.store, id).await?;
    tracing::info!(user.id = %staff.account.user, invitation.id = %id, "invitation withdrawn");
    Ok(StatusCode::NO_CONTENT)
}
