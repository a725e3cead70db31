//! Inviting a person by e-mail. The mail has one fixed text and no word of the inviter, so that a client cannot send its words to a
//! stranger.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, ModeratorCaller, ValidJson, enforce_rate_limits},
};
use garde::Validate;
use http::StatusCode;
use model::{
    InvitationId,
    sign_up::SignUpPolicy,
    user::{EmailAddress, UserRole},
};
use protocol::job::{EmailTemplate, MailRecipient, SendMail};
use serde::Deserialize;
use store::{
    RateLimit,
    identity::{
        invitations::{self, INVITATION_LIFETIME, Invitation},
        users::{self, UserSaveOutcome},
    },
};
use utoipa::ToSchema;

use super::InvitationView;
use crate::{admin::can_assign_role, fields, mailed_token, password_attempts, save_error::from_save_outcome};

const SENDER_RATE_LIMIT: RateLimit =
    RateLimit { name: "invite", max_attempts: 20, window: Duration::from_hours(1) };
const ADDRESS_RATE_LIMIT: RateLimit =
    RateLimit { name: "invite_to", max_attempts: 3, window: Duration::from_hours(24) };

/// The person to invite.
#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct CreateInvitationRequest {
    #[garde(custom(fields::email))]
    #[schema(format = Email, example = "bo@example.com")]
    email: String,
    /// The role of the new account, below the caller's. The default is `member`.
    #[garde(skip)]
    role: Option<UserRole>,
}

/// Invite a person
///
/// Sends a mail with a link by which the owner of the address registers once, within 7 days. The new account has the role of the
/// invitation, and its address is verified. The mail names neither the caller nor the role. An invitation also admits where `SignUp` is
/// `invited`, and an address of another domain where it is `domains`. For moderators.
///
/// The invitation is valid only as long as the caller could give the role. A caller sends at most 20 invitations an hour, and an address
/// gets at most 3 a day.
#[utoipa::path(
    post,
    path = "/v1/invitations",
    tag = "identity",
    operation_id = "create_invitation",
    request_body = CreateInvitationRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The invitation. Its token is only in the mail.", body = InvitationView),
        (status = 401, body = ErrorBody),
        (
            status = 403,
            description = "The caller is not a moderator, or the role is not below the caller's. `SIGN_UP_CLOSED`: no person may \
                register here.",
            body = ErrorBody
        ),
        (
            status = 409,
            description = "`EMAIL_TAKEN`: an account has this e-mail address. Moderators can list the accounts anyway.",
            body = ErrorBody
        ),
        (status = 422, body = ErrorBody),
        (
            status = 429,
            description = "Too many invitations of the caller or to this address. Retry after `Retry-After` seconds.",
            body = ErrorBody
        ),
    )
)]
pub(crate) async fn create_invitation(
    State(app): State<App>,
    Extension(policy): Extension<Arc<SignUpPolicy>>,
    ModeratorCaller(staff): ModeratorCaller,
    ValidJson(input): ValidJson<CreateInvitationRequest>,
) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    policy.check_invitations()?;
    let role = input.role.unwrap_or_default();
    can_assign_role(&staff, role)?;
    let email = fields::parse_field("email", &input.email, EmailAddress::parse)?;
    let now = app.clock.now();
    if users::id_by_email(&app.store, &email, now).await?.is_some() {
        return Err(from_save_outcome(UserSaveOutcome::EmailTaken).into());
    }
    let inviter = staff.account.user;
    let limits = [
        (SENDER_RATE_LIMIT, inviter.to_string()),
        (ADDRESS_RATE_LIMIT, password_attempts::account_key(email.as_str())),
    ];
    for (limit, name) in &limits {
        enforce_rate_limits(&app, &[(*limit, name.as_str())]).await?;
    }
    let id: InvitationId = app.clock.new_id();
    let token = mailed_token::new(id.uuid());
    let invitation = Invitation {
        id,
        email,
        role,
        inviter,
        token_hash: mailed_token::hash(&token),
        created_at: now,
        expires_at: now + INVITATION_LIFETIME,
    };
    invitations::create(&app.store, &invitation).await?;
    let mail = SendMail {
        id: format!("invitation#{id}"),
        to: MailRecipient::Address(invitation.email.clone()),
        template: EmailTemplate::Invitation { token },
    };
    app.queues.send(&mail, now).await?;
    tracing::info!(user.id = %inviter, invitation.id = %id, ?role, "person invited");
    Ok((StatusCode::CREATED, Json(invitation.into())))
}
