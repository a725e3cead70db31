use std::slice;

use entry::App;
use jiff::Timestamp;
use model::{ChannelId, Error, Room, UserId};
use protocol::{
    Event,
    event::chat::{ChannelLogHead, ConnectionEstablished},
    job::OnboardConnection,
};
use realtime::team_presence::is_team_connection;
use store::{
    ReadConsistency,
    chat::{memberships, projection_checkpoint},
    identity::users,
    realtime::connections::{self, Connection, ConnectionIdentity},
};

use crate::channels::subscriptions;

/// Takes a connection into the rooms of the team and of its user's channels, and tells it that it is there and how far the
/// channels are; the team, if nobody of that user was there before. Done twice, it tells the connection twice.
///
/// Whoever has no user name is not of the team: their socket hears what concerns them, as that of a speaker does. Rooms are
/// entered before anything is read that is told, so that what happens in between comes by the room. 1 write unit for each channel
/// and for the team, and 1.5 read units for each channel.
pub(super) async fn run(app: &App, job: &OnboardConnection) -> Result<(), Error> {
    let now = app.clock.now();
    // gone again before it was greeted
    let Some(connection) = connections::get(&app.store, &job.connection, now).await? else { return Ok(()) };
    let ConnectionIdentity::Account { user, .. } = connection.identity else { return Ok(()) };
    if app.realtime.close_if_logged_out(&connection, now).await? {
        return Ok(());
    }
    // it presents a session by now
    if !is_team_connection(&connection) {
        return Ok(());
    }
    let account = users::get_strong(&app.store, user, now).await?.filter(|account| account.is_active(now));
    let Some(username) = account.and_then(|account| account.username) else { return Ok(()) };
    subscribe_to_rooms(app, &connection, user, now).await?;
    let established = || connection_established(app, user, username.as_str());
    if app.realtime.send_event_when_open(&connection, || app.clock.now(), established).await?.is_none() {
        return Ok(());
    }
    // after it is open: it is told of itself too
    app.realtime.record_heartbeat(user, app.clock.now()).await
}

/// Enters the rooms of what its user is in.
async fn subscribe_to_rooms(
    app: &App,
    connection: &Connection,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let memberships = memberships::list_memberships(&app.store, user, now).await?;
    let channels: Vec<ChannelId> = memberships.iter().map(|membership| membership.channel).collect();
    connections::subscribe(&app.store, Room::Team, connection).await?;
    subscriptions::subscribe_sockets(app, user, &channels, slice::from_ref(connection)).await.map(drop)
}

/// How far the channels are. Strong: what was sent before the connection was in the rooms is told here.
async fn connection_established(app: &App, user: UserId, username: &str) -> Result<(Event, ()), Error> {
    let now = app.clock.now();
    let memberships = memberships::list_memberships(&app.store, user, now).await?;
    let heads =
        projection_checkpoint::channel_progress(&app.store, &memberships, ReadConsistency::Strong, now)
            .await?;
    let channels =
        heads.iter().map(|head| ChannelLogHead { channel_id: head.channel, seq: head.seq }).collect();
    let event = ConnectionEstablished { user_id: user, username: username.to_owned(), channels };
    Ok((Event::ConnectionEstablished(event), ()))
}
