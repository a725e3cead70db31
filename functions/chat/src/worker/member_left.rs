use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, Room};
use protocol::job::OffboardConnection;
use store::{chat::memberships, realtime::connections};

use crate::channels::subscriptions::SUBSCRIPTION_CONCURRENCY;

/// Takes a connection that is gone out of the rooms of the team and of its channels; tells the team if it was the last one of its
/// user, which is looked at five seconds later: whoever loads a page anew is back by then.
///
/// The rooms are those of the channels that they are in now: whoever takes somebody out of a channel takes out their connections.
/// 1 write unit a channel. A row that stays behind all the same goes with the first thing that is told to its room.
pub(super) async fn run(app: &App, job: &OffboardConnection) -> Result<(), Error> {
    let now = app.clock.now();
    let memberships = memberships::list_memberships(&app.store, job.user, now).await?;
    let mut rooms: Vec<Room> =
        memberships.iter().map(|membership| Room::Channel(membership.channel)).collect();
    rooms.push(Room::Team);
    stream::iter(rooms)
        .map(|room| connections::unsubscribe(&app.store, room, job.user.uuid(), &job.connection))
        .buffer_unordered(SUBSCRIPTION_CONCURRENCY)
        .try_collect::<()>()
        .await?;
    app.realtime.check_team_presence(job.user, now).await
}
