//! Who may know of a channel, and who may change it.

use entry::App;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, ChannelPermission},
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

/// A channel, and what the caller is in it.
pub(crate) struct ChannelAccess {
    pub(crate) user: UserId,
    pub(crate) channel: Channel,
    /// `None` for a public one that they are not in.
    pub(crate) membership: Option<Membership>,
}

/// A channel that somebody may know of: one that they are in, or a public one. 2 read units.
///
/// # Errors
/// `NotFound` for everything else: nobody learns that there is a private channel. `USERNAME_REQUIRED` for a public one, where they
/// are not of the team.
pub(crate) async fn find_access(app: &App, id: ChannelId, user: UserId) -> Result<ChannelAccess, Error> {
    let now = app.clock.now();
    let (channel, place) = futures::try_join!(
        channels::get(&app.store, id, ReadConsistency::Strong, now),
        memberships::get_membership(&app.store, user, id, now),
    )?;
    let channel = channel.ok_or(NOT_FOUND)?;
    if place.is_none() {
        if channel.channel_kind != ChannelKind::Public {
            return Err(NOT_FOUND);
        }
        require_teammate(app, user).await?;
    }
    Ok(ChannelAccess { user, channel, membership: place })
}

impl ChannelAccess {
    /// Their place: what is for members only is not there for others.
    pub(crate) fn require_membership(&self) -> Result<&Membership, Error> {
        self.membership.as_ref().ok_or(NOT_FOUND)
    }

    pub(crate) const fn is_direct(&self) -> bool {
        matches!(self.channel.channel_kind, ChannelKind::Direct)
    }

    /// By their role; what is public, admins of the deployment look after too: the default channels have no owner, and those of
    /// others may lose theirs. 1 read unit for whoever has not the role.
    ///
    /// # Errors
    /// `Forbidden`; `Conflict` where it is direct: nobody is anything in it.
    pub(crate) async fn require_permission(&self, app: &App, deed: ChannelPermission) -> Result<(), Error> {
        if self.is_direct() {
            return Err(Error::conflict(
                ErrorCode::Conflict,
                "a direct channel is of two, and stays as it is",
            ));
        }
        if self.membership.as_ref().is_some_and(|place| place.role.allows(deed))
            || self.is_managed_by_admin(app).await?
        {
            return Ok(());
        }
        let who = if model::channel::MemberRole::Moderator.allows(deed) {
            "owners and moderators"
        } else {
            "owners"
        };
        Err(Error::forbidden(format!("{who} of the channel only")))
    }

    /// Is it public, and the caller an admin of the deployment?
    pub(crate) async fn is_managed_by_admin(&self, app: &App) -> Result<bool, Error> {
        if self.channel.channel_kind != ChannelKind::Public {
            return Ok(false);
        }
        let now = app.clock.now();
        let user = users::get_strong(&app.store, self.user, now).await?;
        Ok(user.is_some_and(|user| user.role.is_admin() && user.is_active(now)))
    }
}
