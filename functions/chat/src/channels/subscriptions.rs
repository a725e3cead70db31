//! Subscriptions of sockets to the rooms of channels.
//!
//! A socket hears of a channel while it has a row in the channel's room. Requests that add or remove a member write and
//! delete the rows of the member's open sockets.

use std::collections::HashSet;

use entry::App;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use model::{ChannelId, Error, Room, UserId};
use store::{
    chat::memberships,
    realtime::connections::{self, Connection},
};

use crate::presence::is_team_connection;

/// Subscriptions written concurrently. An instance has about as many connections to the table to spare.
pub(crate) const SUBSCRIPTION_CONCURRENCY: usize = 25;
/// Subscriptions deleted concurrently when a channel is deleted.
const UNSUBSCRIPTION_CONCURRENCY: usize = 32;

/// Subscribes the user's team sockets, on every tab and device, to the room of a channel.
///
/// Call this after the membership is written. A socket that opens concurrently is then either found here, or its own
/// job reads the membership. Costs 1 write unit for each socket, and 1 read unit.
pub(crate) async fn subscribe_user_sockets(app: &App, channel: ChannelId, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let mut sockets = connections::list_in_room(&app.store, Room::User(user), now).await?;
    sockets.retain(is_team_connection);
    subscribe_sockets(app, user, &[channel], &sockets).await.map(drop)
}

/// Subscribes some of the user's sockets to the rooms of channels. Returns the channels that the user is still a member
/// of.
///
/// A concurrent removal from a channel may have listed the user's sockets before these rows existed. So the memberships
/// are read again after the rows are written, and rows of channels that the user is not a member of are deleted.
pub(crate) async fn subscribe_sockets(
    app: &App,
    user: UserId,
    channels: &[ChannelId],
    sockets: &[Connection],
) -> Result<HashSet<ChannelId>, Error> {
    let subscriptions = |channels: &[ChannelId]| -> Vec<(Room, &Connection)> {
        let of_channel =
            |id: &ChannelId| sockets.iter().map(|socket| (Room::Channel(*id), socket)).collect::<Vec<_>>();
        channels.iter().flat_map(of_channel).collect()
    };
    let all = subscriptions(channels);
    let writes: Vec<_> =
        all.into_iter().map(|(room, socket)| connections::subscribe(&app.store, room, socket)).collect();
    stream::iter(writes).buffer_unordered(SUBSCRIPTION_CONCURRENCY).try_collect::<()>().await?;
    let now = app.clock.now();
    let memberships = match *channels {
        [channel] => memberships::get_membership(&app.store, user, channel, now).await?.into_iter().collect(),
        _ => memberships::list_memberships(&app.store, user, now).await?,
    };
    let joined: HashSet<ChannelId> = memberships.into_iter().map(|membership| membership.channel).collect();
    let (still_joined, left): (Vec<_>, Vec<_>) = channels.iter().copied().partition(|id| joined.contains(id));
    let deletions = subscriptions(&left).into_iter();
    try_join_all(
        deletions.map(|(room, socket)| connections::unsubscribe(&app.store, room, user.uuid(), &socket.id)),
    )
    .await?;
    Ok(still_joined.into_iter().collect())
}

/// Unsubscribes all sockets of the user from the room of a channel.
pub(crate) async fn unsubscribe_user_sockets(
    app: &App,
    channel: ChannelId,
    user: UserId,
) -> Result<(), Error> {
    let now = app.clock.now();
    let room = Room::Channel(channel);
    let sockets = connections::list_by_holder(&app.store, room, user.uuid(), now).await?;
    try_join_all(
        sockets.iter().map(|socket| connections::unsubscribe(&app.store, room, user.uuid(), &socket.id)),
    )
    .await?;
    Ok(())
}

/// Unsubscribes every socket from the room of a deleted channel.
pub(crate) async fn unsubscribe_everyone(app: &App, channel: ChannelId) -> Result<(), Error> {
    let room = Room::Channel(channel);
    let sockets = connections::list_in_room(&app.store, room, app.clock.now()).await?;
    let deletions = sockets
        .iter()
        .map(|socket| connections::unsubscribe(&app.store, room, socket.identity.holder_id(), &socket.id));
    let deletions: Vec<_> = deletions.collect();
    Ok(stream::iter(deletions).buffer_unordered(UNSUBSCRIPTION_CONCURRENCY).try_collect::<()>().await?)
}
