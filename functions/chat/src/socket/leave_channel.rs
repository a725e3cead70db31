use entry::App;
use jiff::Timestamp;
use model::{Error, Room};
use protocol::{Event, command::LeaveChannelCommand, event::chat::ChannelLeft};
use store::realtime::connections::{self, Connection};

use super::connected_teammate;

/// Unsubscribes a connection from a channel. The membership stays. A connection that is not subscribed gets
/// `channel_left` too. Costs 1 write unit.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    command: &LeaveChannelCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    connections::unsubscribe(&app.store, Room::Channel(command.channel_id), user.uuid(), &connection.id)
        .await?;
    let left = Event::ChannelLeft(ChannelLeft { channel_id: command.channel_id });
    app.realtime.send_event(connection, left, now).await.map(drop)
}
