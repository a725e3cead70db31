use std::{collections::HashSet, slice};

use entry::{App, socket::close_if_logged_out};
use jiff::Timestamp;
use model::{ChannelId, ConnectionIdentity, Error, Room, UserId};
use protocol::{
    Event,
    event::chat::{ChannelLogHead, ConnectionEstablished},
    job::ConnectionOpened,
};
use store::{
    ReadConsistency,
    chat::{
        memberships::{self, Membership},
        projection_checkpoint,
    },
    identity::users,
    realtime::connections::{self, Connection},
};

use super::connection_closed;
use crate::{
    blocks::blocked_users,
    channels::{list_my_channels::is_listed, subscriptions},
    presence::{self, publish, scheduler::PresenceScheduler},
};

/// Enters a connection into the rooms of the team and of its user's channels, sends it `connection_established` with the last
/// message number of each channel and the presence of the team, and has it published that the user is online. A second run sends
/// both events twice.
///
/// A user without a user name is not of the team. Their connection receives only events of the account. The connection is in its
/// rooms before the numbers are read, so a message in between arrives as an event. 1 write unit for each channel and for the
/// team, and 1.5 read units for each channel.
pub(super) async fn run(
    app: &App,
    scheduler: &PresenceScheduler,
    job: &ConnectionOpened,
) -> Result<(), Error> {
    let now = app.clock.now();
    // The connection may be closed already.
    let Some(connection) = connections::get(&app.store, &job.connection, now).await? else { return Ok(()) };
    let ConnectionIdentity::Account { user, presents: None, .. } = connection.identity else { return Ok(()) };
    if close_if_logged_out(app, &connection, now).await? {
        return Ok(());
    }
    let account = users::get_strong(&app.store, user, now).await?.filter(|account| account.is_active(now));
    let Some(username) = account.and_then(|account| account.username) else { return Ok(()) };
    subscribe(app, &connection, user, now).await?;
    let established = || connection_established(app, user, username.as_str());
    if app.realtime.send_event_when_open(&connection, || app.clock.now(), established).await?.is_none() {
        // It may have closed before this job entered it into the rooms, and `ConnectionClosed` may have run.
        return connection_closed::unsubscribe(app, &connection.id, user, app.clock.now()).await;
    }
    // The connection is open now, so it receives its user's own status too.
    presence::record_heartbeat(app, scheduler, user, app.clock.now()).await?;
    publish::send_whole(app, &connection, app.clock.now()).await
}

/// Enters a connection into the rooms of the team and of its user's channels. Direct channels with a blocked user are
/// left out.
async fn subscribe(app: &App, connection: &Connection, user: UserId, now: Timestamp) -> Result<(), Error> {
    let (memberships, blocked) = load_memberships(app, user, now).await?;
    let is_open =
        |membership: &&Membership| membership.other_user.is_none_or(|other| !blocked.contains(&other));
    let channels: Vec<ChannelId> =
        memberships.iter().filter(is_open).map(|membership| membership.channel).collect();
    connections::subscribe(&app.store, Room::Team, connection).await?;
    subscriptions::subscribe_sockets(app, user, &channels, slice::from_ref(connection)).await.map(drop)
}

/// Returns the memberships of a user, and the users that they blocked.
async fn load_memberships(
    app: &App,
    user: UserId,
    now: Timestamp,
) -> Result<(Vec<Membership>, HashSet<UserId>), Error> {
    let memberships = async { Ok(memberships::list_memberships(&app.store, user, now).await?) };
    futures::try_join!(memberships, blocked_users(app, user, now))
}

/// Reads the last message number of each channel. Strong: a message that was sent before the connection was in the rooms is
/// counted here.
async fn connection_established(app: &App, user: UserId, username: &str) -> Result<(Event, ()), Error> {
    let now = app.clock.now();
    let (memberships, blocked) = load_memberships(app, user, now).await?;
    let heads =
        projection_checkpoint::channel_progress(&app.store, &memberships, ReadConsistency::Strong, now)
            .await?;
    // The state of the other account is not read for this. An empty channel has nothing that a client could miss.
    let listed = memberships.iter().zip(&heads).filter(|(it, head)| is_listed(it, head.seq, &blocked, true));
    let channels =
        listed.map(|(_, head)| ChannelLogHead { channel_id: head.channel, seq: head.seq }).collect();
    let event = ConnectionEstablished { user_id: user, username: username.to_owned(), channels };
    Ok((Event::ConnectionEstablished(event), ()))
}
