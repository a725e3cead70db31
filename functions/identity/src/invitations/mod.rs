//! `/v1/invitations`. Moderators and higher roles invite people with a role below their own.
//!
//! Members cannot invite. Where the sign-up is open, an invitation would give their guest nothing, and every account could make the
//! deployment mail strangers.

pub(crate) mod accept;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;

use jiff::Timestamp;
use model::{InvitationId, UserId, user::UserRole};
use serde::Serialize;
use store::identity::invitations::Invitation;
use utoipa::ToSchema;

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    id: InvitationId,
    #[schema(format = Email)]
    email: String,
    /// The role of the new account.
    role: UserRole,
    invited_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email.to_string(),
            role: invitation.role,
            invited_by: invitation.inviter,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}
