//! Who hears of a channel from now on, and of what becomes of it.

use entry::App;
use futures::future::try_join_all;
use model::{ChannelId, Error, Room, UserId, channel::Kind, message::Author};
use protocol::{Event, event::chat::ChannelMember};
use store::{channels::Channel, connections};

use super::view;

/// Takes every socket that somebody has as one of the team into the room of a channel: all tabs and devices. 1 write unit each.
///
/// After their place is written: a socket that opens at the same time is either seen here, or sees the place.
pub(crate) async fn enter(app: &App, channel: ChannelId, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let theirs = connections::in_room(&app.store, Room::User(user), now).await?;
    // one of a session is not of the team
    let theirs = theirs.iter().filter(|one| one.identity.session().is_none());
    try_join_all(theirs.map(|one| connections::enter(&app.store, Room::Channel(channel), one))).await?;
    Ok(())
}

/// Takes all sockets of somebody out of the room of a channel.
pub(crate) async fn exit(app: &App, channel: ChannelId, user: UserId) -> Result<(), Error> {
    let (now, room) = (app.clock.now(), Room::Channel(channel));
    let theirs = connections::held_by(&app.store, room, user.uuid(), now).await?;
    try_join_all(theirs.iter().map(|one| connections::exit(&app.store, room, user.uuid(), &one.id))).await?;
    Ok(())
}

/// Tells a room of what is written already. Nobody's request fails by it: whoever does not hear it reads it.
pub(crate) async fn tell(app: &App, room: Room, event: Event) {
    if let Err(error) = app.rooms.publish(room, event, app.clock.now()).await {
        tracing::warn!(%room, %error, "a room was not told");
    }
}

/// There is a channel: those who are in it hear it from now on, and everyone who may know of it hears that there is one.
pub(crate) async fn created(app: &App, channel: &Channel, members: &[UserId]) {
    let entering = members.iter().map(|user| enter(app, channel.id, *user));
    if let Err(error) = try_join_all(entering).await {
        tracing::warn!(channel.id = %channel.id, %error, "sockets did not enter a new channel");
    }
    let event = Event::ChannelCreated(view::of(channel));
    if channel.channel_kind == Kind::Public {
        return tell(app, Room::Team, event).await;
    }
    for user in members {
        tell(app, Room::User(*user), event.clone()).await;
    }
}

/// Someone is a member from now on; their own tabs hear it too.
pub(crate) async fn joined(app: &App, channel: ChannelId, who: &Author) -> Result<(), Error> {
    enter(app, channel, who.id).await?;
    tell(app, Room::Channel(channel), Event::UserJoined(member(channel, who))).await;
    Ok(())
}

/// Someone is a member no longer: they hear nothing more of it, but that.
pub(crate) async fn left(app: &App, channel: ChannelId, who: &Author) -> Result<(), Error> {
    exit(app, channel, who.id).await?;
    let event = Event::UserLeft(member(channel, who));
    tell(app, Room::Channel(channel), event.clone()).await;
    tell(app, Room::User(who.id), event).await;
    Ok(())
}

fn member(channel: ChannelId, who: &Author) -> ChannelMember {
    ChannelMember { user_id: who.id, username: who.username.clone(), channel_id: channel }
}
