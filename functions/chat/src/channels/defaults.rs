//! Channels that everyone of the team is in from the start.

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

use super::{announce, membership};

/// Is somebody to be taken into them? Not who has been, and has left since. 1 read unit for whoever is not in all of them.
pub(crate) async fn needs_default_channels(
    app: &App,
    user: UserId,
    places: &[Membership],
    now: Timestamp,
) -> Result<bool, Error> {
    let ids = DEFAULT_CHANNELS.map(|(name, _)| ChannelId::derive_default(name));
    let is_in_all = ids.iter().all(|id| places.iter().any(|place| place.channel == *id));
    Ok(!is_in_all && !onboarding::is_onboarded(&app.store, user, now).await?)
}

/// Joins somebody to all of them; whichever is not there yet is made. One that is archived or full is passed over.
pub(crate) async fn join_default_channels(app: &App, who: &MessageAuthor) -> Result<(), Error> {
    for (name, description) in DEFAULT_CHANNELS {
        let id = ChannelId::derive_default(name);
        let mut joined = membership::add_member(app, id, who).await;
        if matches!(joined, Err(Error::NotFound(_))) {
            create_default_channel(app, id, name, description).await?;
            joined = membership::add_member(app, id, who).await;
        }
        match joined {
            Ok(Some(_)) => announce::publish_user_joined(app, id, who).await?,
            // cut off before their sockets were in the room
            Ok(None) => announce::subscribe_user_sockets(app, id, who.id).await?,
            Err(Error::Conflict(ErrorCode::ChannelArchived | ErrorCode::LimitReached, _)) => {}
            Err(error) => return Err(error),
        }
    }
    // last: whoever was cut off before is taken into the others
    Ok(onboarding::mark_onboarded(&app.store, who.id, app.clock.now()).await?)
}

/// Two who do this at once make the same one.
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
    };
    let made = channels::create(&app.store, &channel, &[]).await?;
    tracing::info!(channel.id = %id, ?made, "default channel");
    Ok(())
}
