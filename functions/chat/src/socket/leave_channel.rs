use entry::App;
use jiff::Timestamp;
use model::{Error, Room};
use protocol::{Event, command::LeaveChannelCommand, event::chat::ChannelLeft};
use store::realtime::connections::{self, Connection};

use super::connected_teammate;

/// Tells this connection of a channel no longer; also of one that its user is not in, or that there is not: what it asked for is
/// so. 1 write unit.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    leave: &LeaveChannelCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    connections::unsubscribe(&app.store, Room::Channel(leave.channel_id), user.uuid(), &connection.id)
        .await?;
    let left = Event::ChannelLeft(ChannelLeft { channel_id: leave.channel_id });
    app.realtime.send_event(connection, left, now).await.map(drop)
}
