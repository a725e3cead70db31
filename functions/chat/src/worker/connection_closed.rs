use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use model::{ConnectionIdentity, Error, Room, UserId};
use protocol::job::{CheckTeamPresence, ConnectionClosed};
use store::{chat::memberships, realtime::connections};

use crate::channels::subscriptions::SUBSCRIPTION_CONCURRENCY;

/// Takes closed connections of a user out of the rooms of the team and of its channels, and has the user's presence checked five seconds
/// later. A page that is loaded again is back by then, and nothing is published.
pub(super) async fn run(app: &App, job: &ConnectionClosed) -> Result<(), Error> {
    let ConnectionIdentity::Account { user, presents: None, .. } = job.identity else { return Ok(()) };
    let now = app.clock.now();
    for connection in std::iter::once(&job.connection).chain(&job.others) {
        unsubscribe(app, connection, user, now).await?;
    }
    app.queues.send(&CheckTeamPresence { user, after_close: true }, now).await
}

/// Takes a connection out of the rooms of the team and of its channels.
///
/// The rooms are those of the user's channels now, because removing a member from a channel removes their connections from its
/// room. 1 write unit for each channel. A row that stays is deleted by the first event to its room.
pub(super) async fn unsubscribe(
    app: &App,
    connection: &str,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let memberships = memberships::list_memberships(&app.store, user, now).await?;
    let channels = memberships.iter().map(|membership| Room::Channel(membership.channel));
    let rooms: Vec<Room> = channels.chain([Room::Team]).collect();
    stream::iter(rooms)
        .map(|room| connections::unsubscribe(&app.store, room, user.uuid(), connection))
        .buffer_unordered(SUBSCRIPTION_CONCURRENCY)
        .try_collect::<()>()
        .await?;
    Ok(())
}
