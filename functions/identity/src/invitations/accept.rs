//! Accepting an invitation by registering.

use entry::{App, http::ApiError};
use http::StatusCode;
use model::{
    Error, ErrorCode, InvitationId, UserId,
    user::{EmailAddress, UserRole},
};
use serde_json::json;
use store::identity::{
    audit_log::{AuditEntry, AuditTarget},
    invitations::{self, InvitationAcceptance},
    users::{self, User},
};

use crate::mailed_token;

/// Returns the acceptance of an invitation by the owner of an address.
///
/// # Errors
/// `INVALID_TOKEN` if the invitation is unknown, was used or withdrawn, has expired, or if the inviter could not give its role any more.
/// `Invalid` for `email` if the invitation was sent to another address.
pub(crate) async fn find_acceptance(
    app: &App,
    token: &str,
    email: &EmailAddress,
) -> Result<InvitationAcceptance, ApiError> {
    let now = app.clock.now();
    let id = mailed_token::id(token).map(InvitationId::from).ok_or_else(invalid_error)?;
    let invitation = invitations::get(&app.store, id, now).await?;
    let invitation = invitation
        .filter(|invitation| mailed_token::matches(token, &invitation.token_hash))
        .ok_or_else(invalid_error)?;
    let inviter = users::get_strong(&app.store, invitation.inviter, now).await?;
    // The roles of today decide, so that a demoted or banned admin cannot admit people any more.
    let may_invite = |inviter: &User| {
        inviter.is_active(now)
            && inviter.role >= UserRole::Moderator
            && inviter.role.outranks(invitation.role)
    };
    let inviter = inviter.filter(may_invite).ok_or_else(invalid_error)?;
    if invitation.email != *email {
        return Err(Error::field("email", "must be the address to which the invitation was sent").into());
    }
    Ok(InvitationAcceptance { invitation, inviter, audit: None })
}

/// Returns the audit entry for an account that gets a role above that of a member by an invitation.
pub(crate) fn audit_entry(app: &App, accepted: &InvitationAcceptance, user: UserId) -> Option<AuditEntry> {
    let role = accepted.invitation.role;
    (role > UserRole::Member).then(|| AuditEntry {
        id: app.clock.new_id(),
        action: "accept_invitation".into(),
        target_type: AuditTarget::User,
        target: user.to_string(),
        admin: accepted.inviter.id,
        reason: None,
        metadata: json!({ "role": role, "invitation": accepted.invitation.id }),
        created_at: app.clock.now(),
    })
}

fn invalid_error() -> ApiError {
    let why = "the invitation is unknown, used, withdrawn or expired: ask for another one";
    ApiError::Http(StatusCode::BAD_REQUEST, ErrorCode::InvalidToken, why.into())
}
