//! Who hears of a channel from now on, and of what becomes of it.

use std::collections::HashSet;

use entry::App;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use model::{ChannelId, Error, Room, UserId, channel::ChannelKind, message::MessageAuthor};
use protocol::{Event, event::chat::MembershipChanged};
use store::{
    chat::{channels::Channel, memberships},
    realtime::connections::{self, Connection},
};

use super::view;
use crate::presence::is_team_connection;

/// Rooms that are entered or left at once: as many as one instance has connections to the table to spare.
pub(crate) const SUBSCRIPTION_CONCURRENCY: usize = 25;

/// Takes every socket that somebody has as one of the team into the room of a channel: all tabs and devices. 1 write unit each, and
/// 1 read unit.
///
/// After their place is written: a socket that opens at the same time is either seen here, or sees the place.
pub(crate) async fn subscribe_user_sockets(app: &App, channel: ChannelId, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut theirs = connections::list_in_room(&app.store, Room::User(user), now).await?;
    theirs.retain(is_team_connection);
    subscribe_sockets(app, user, &[channel], &theirs).await.map(drop)
}

/// Takes some of somebody's sockets into the rooms of channels, and says which of these they are in.
///
/// Whoever takes them out of a channel at the same time looked for their sockets before these were there: their places are read once
/// more after it, and no row stays of a channel that they are not in.
pub(crate) async fn subscribe_sockets(
    app: &App,
    user: UserId,
    channels: &[ChannelId],
    sockets: &[Connection],
) -> Result<HashSet<ChannelId>, Error> {
    let rows = |channels: &[ChannelId]| -> Vec<(Room, &Connection)> {
        let each =
            |id: &ChannelId| sockets.iter().map(|socket| (Room::Channel(*id), socket)).collect::<Vec<_>>();
        channels.iter().flat_map(each).collect()
    };
    let all = rows(channels);
    let enters: Vec<_> =
        all.into_iter().map(|(room, socket)| connections::subscribe(&app.store, room, socket)).collect();
    stream::iter(enters).buffer_unordered(SUBSCRIPTION_CONCURRENCY).try_collect::<()>().await?;
    let now = app.clock.now();
    let places = match *channels {
        [one] => memberships::get_membership(&app.store, user, one, now).await?.into_iter().collect(),
        _ => memberships::list_memberships(&app.store, user, now).await?,
    };
    let places: HashSet<ChannelId> = places.into_iter().map(|place| place.channel).collect();
    let (still, gone): (Vec<_>, Vec<_>) = channels.iter().copied().partition(|id| places.contains(id));
    let exits = rows(&gone).into_iter();
    try_join_all(
        exits.map(|(room, socket)| connections::unsubscribe(&app.store, room, user.uuid(), &socket.id)),
    )
    .await?;
    Ok(still.into_iter().collect())
}

/// Takes all sockets of somebody out of the room of a channel.
pub(crate) async fn unsubscribe_user_sockets(
    app: &App,
    channel: ChannelId,
    user: UserId,
) -> Result<(), Error> {
    let (now, room) = (app.clock.now(), Room::Channel(channel));
    let theirs = connections::list_by_holder(&app.store, room, user.uuid(), now).await?;
    try_join_all(theirs.iter().map(|one| connections::unsubscribe(&app.store, room, user.uuid(), &one.id)))
        .await?;
    Ok(())
}

/// Tells a room of what is written already. Nobody's request fails by it: whoever does not hear it reads it.
pub(crate) async fn publish_or_log(app: &App, room: Room, event: Event) {
    if let Err(error) = app.realtime.publish(room, event, app.clock.now()).await {
        tracing::warn!(%room, %error, "a room was not told");
    }
}

/// There is a channel: those who are in it hear it from now on, and everyone who may know of it hears that there is one.
pub(crate) async fn publish_channel_created(app: &App, channel: &Channel, members: &[UserId]) {
    let entering = members.iter().map(|user| subscribe_user_sockets(app, channel.id, *user));
    if let Err(error) = try_join_all(entering).await {
        tracing::warn!(channel.id = %channel.id, %error, "sockets did not enter a new channel");
    }
    let event = Event::ChannelCreated(view::channel_view(channel));
    if channel.channel_kind == ChannelKind::Public {
        return publish_or_log(app, Room::Team, event).await;
    }
    for user in members {
        publish_or_log(app, Room::User(*user), event.clone()).await;
    }
}

/// Someone is a member from now on; their own tabs hear it too.
pub(crate) async fn publish_user_joined(
    app: &App,
    channel: ChannelId,
    who: &MessageAuthor,
) -> Result<(), Error> {
    subscribe_user_sockets(app, channel, who.id).await?;
    publish_or_log(app, Room::Channel(channel), Event::UserJoined(channel_member_event(channel, who))).await;
    Ok(())
}

/// Someone is a member no longer: they hear nothing more of it, but that.
pub(crate) async fn publish_user_left(
    app: &App,
    channel: ChannelId,
    who: &MessageAuthor,
) -> Result<(), Error> {
    unsubscribe_user_sockets(app, channel, who.id).await?;
    let event = Event::UserLeft(channel_member_event(channel, who));
    publish_or_log(app, Room::Channel(channel), event.clone()).await;
    publish_or_log(app, Room::User(who.id), event).await;
    Ok(())
}

fn channel_member_event(channel: ChannelId, who: &MessageAuthor) -> MembershipChanged {
    MembershipChanged { user_id: who.id, username: who.username.clone(), channel_id: channel }
}
