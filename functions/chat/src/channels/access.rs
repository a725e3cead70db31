//! Access of a caller to a channel: whether they can see it, and what they may change.

use entry::App;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, ChannelPermission, MemberRole},
};
use store::{
    ReadConsistency,
    chat::{
        channels::{self, Channel},
        memberships::{self, Membership},
    },
    identity::users,
};

use crate::team::require_teammate;

const NOT_FOUND: Error = Error::NotFound("channel");

/// A channel and the caller's membership in it.
pub(crate) struct ChannelAccess {
    pub(crate) user: UserId,
    pub(crate) channel: Channel,
    /// `None` if the channel is public and the caller is not a member.
    pub(crate) membership: Option<Membership>,
}

/// Returns a channel that the user can see: a channel that they are a member of, or a public channel. Costs 2 read units.
///
/// # Errors
/// `NotFound` for every other channel, so that an outsider does not learn whether a private channel exists.
/// `USERNAME_REQUIRED` for a public channel if the user is not a member and has no user name.
pub(crate) async fn find_access(app: &App, id: ChannelId, user: UserId) -> Result<ChannelAccess, Error> {
    let (channel, membership) = load_channel_and_membership(app, id, user).await?;
    let channel = channel.ok_or(NOT_FOUND)?;
    if membership.is_none() {
        if channel.channel_kind != ChannelKind::Public {
            return Err(NOT_FOUND);
        }
        require_teammate(app, user).await?;
    }
    Ok(ChannelAccess { user, channel, membership })
}

/// Reads a channel and the user's membership concurrently and strongly. Costs 2 read units.
pub(crate) async fn load_channel_and_membership(
    app: &App,
    id: ChannelId,
    user: UserId,
) -> Result<(Option<Channel>, Option<Membership>), Error> {
    let now = app.clock.now();
    Ok(futures::try_join!(
        channels::get(&app.store, id, ReadConsistency::Strong, now),
        memberships::get_membership(&app.store, user, id, now),
    )?)
}

/// The error for a change that direct channels do not permit.
pub(super) fn direct_channel_error() -> Error {
    Error::conflict(ErrorCode::Conflict, "a direct channel and its two members cannot be changed")
}

impl ChannelAccess {
    /// Returns the caller's membership.
    ///
    /// # Errors
    /// `NotFound` if the caller is not a member.
    pub(crate) fn require_membership(&self) -> Result<&Membership, Error> {
        self.membership.as_ref().ok_or(NOT_FOUND)
    }

    pub(crate) const fn is_direct(&self) -> bool {
        matches!(self.channel.channel_kind, ChannelKind::Direct)
    }

    /// Checks that the caller's role permits a change. Admins of the deployment may change public channels too, because
    /// default channels have no owner and other public channels can lose theirs. Costs 1 read unit if the role does not
    /// permit the change.
    ///
    /// # Errors
    /// `Forbidden` if the caller may not make the change. `Conflict` if the channel is direct, because it has no roles.
    pub(crate) async fn require_permission(
        &self,
        app: &App,
        permission: ChannelPermission,
    ) -> Result<(), Error> {
        if self.is_direct() {
            return Err(direct_channel_error());
        }
        if self.membership.as_ref().is_some_and(|membership| membership.role.allows(permission))
            || self.is_managed_by_admin(app).await?
        {
            return Ok(());
        }
        let roles = if MemberRole::Moderator.allows(permission) { "owners and moderators" } else { "owners" };
        Err(Error::forbidden(format!("only {roles} of the channel may do this")))
    }

    /// Returns whether the channel is public and the caller is an active admin of the deployment.
    pub(crate) async fn is_managed_by_admin(&self, app: &App) -> Result<bool, Error> {
        if self.channel.channel_kind != ChannelKind::Public {
            return Ok(false);
        }
        let now = app.clock.now();
        let user = users::get_strong(&app.store, self.user, now).await?;
        Ok(user.is_some_and(|user| user.role.is_admin() && user.is_active(now)))
    }
}
