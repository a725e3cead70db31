use std::collections::HashSet;

use entry::App;
use jiff::Timestamp;
use model::{Error, UserId};
use protocol::{Event, command::GetOnlineUsers, event::chat::OnlineUsers};
use store::{connections::Connection, members, online};

use super::{place, teammate};

/// Who of a channel is there, for its members. Two queries, however many they are: who is in it, and who of the team is there.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    asked: &GetOnlineUsers,
    now: Timestamp,
) -> Result<(), Error> {
    let user = teammate(connection)?;
    place(app, user, asked.channel_id, now).await?;
    let (members, online) = futures::try_join!(
        members::all(&app.store, asked.channel_id, now),
        online::everyone(&app.store, now)
    )?;
    let online: HashSet<UserId> = online.into_iter().map(|one| one.id).collect();
    let users = members.into_iter().map(|member| member.user).filter(|user| online.contains(user)).collect();
    let event = OnlineUsers { channel_id: asked.channel_id, users, as_of: now };
    app.rooms.tell(connection, Event::OnlineUsers(event), now).await.map(drop)
}
