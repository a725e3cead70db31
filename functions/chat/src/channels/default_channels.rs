//! Channels that every teammate joins when they choose a user name.

use entry::App;
use jiff::Timestamp;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, ChannelName, DEFAULT_CHANNELS},
    message::MessageAuthor,
};
use store::chat::{
    channels::{self, Channel},
    memberships::Membership,
    onboarding,
};

use super::{add_member, publish, subscriptions};

/// Returns whether the user still has to join the default channels. A user who joined them and left later does not. Costs
/// 1 read unit if the user is not in all of them.
pub(crate) async fn needs_default_channels(
    app: &App,
    user: UserId,
    memberships: &[Membership],
    now: Timestamp,
) -> Result<bool, Error> {
    let ids = DEFAULT_CHANNELS.map(|(name, _)| ChannelId::derive_default(name));
    let is_in_all = ids.iter().all(|id| memberships.iter().any(|membership| membership.channel == *id));
    Ok(!is_in_all && !onboarding::is_onboarded(&app.store, user, now).await?)
}

/// Adds the user to every default channel. Creates a channel that does not exist yet, and skips one that is archived or
/// full.
pub(crate) async fn join_default_channels(app: &App, user: &MessageAuthor) -> Result<(), Error> {
    for (name, description) in DEFAULT_CHANNELS {
        let id = ChannelId::derive_default(name);
        let mut joined = add_member::add_member(app, id, user).await;
        if matches!(joined, Err(Error::NotFound(_))) {
            create_default_channel(app, id, name, description).await?;
            joined = add_member::add_member(app, id, user).await;
        }
        match joined {
            Ok(Some(_)) => publish::publish_user_joined(app, id, user).await?,
            // an earlier attempt may have failed before it subscribed the sockets
            Ok(None) => subscriptions::subscribe_user_sockets(app, id, user.id).await?,
            Err(Error::Conflict(ErrorCode::ChannelArchived | ErrorCode::LimitReached, _)) => {}
            Err(error) => return Err(error),
        }
    }
    // written last, so that a retry of a failed attempt joins the remaining channels
    Ok(onboarding::mark_onboarded(&app.store, user.id, app.clock.now()).await?)
}

/// Creates a default channel. Concurrent calls create the same channel, because its id is derived from its name.
async fn create_default_channel(
    app: &App,
    id: ChannelId,
    name: &str,
    description: &str,
) -> Result<(), Error> {
    let now = app.clock.now();
    let channel = Channel {
        id,
        channel_kind: ChannelKind::Public,
        name: Some(ChannelName::parse(name).map_err(Error::internal)?),
        description: Some(description.into()),
        is_default: true,
        created_by: None,
        member_count: 0,
        archived_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let outcome = channels::create(&app.store, &channel, &[]).await?;
    tracing::info!(channel.id = %id, ?outcome, "default channel created");
    Ok(())
}
