use entry::App;
use jiff::Timestamp;
use model::{Error, ErrorCode, UserId};
use protocol::{Event, command::GetOnlineUsersCommand, event::chat::OnlineUsersList};
use store::{
    chat::{memberships, presence},
    realtime::connections::Connection,
};

use super::connected_teammate;
use crate::place;

/// People whose places are looked for, and who fit into one frame of half of what API Gateway takes in one post.
const MAX_USERS: usize = 1_000;

/// Who of a channel is there, for its members: of those who are there of the team, whoever is in it. 1 read unit for 20 of the team,
/// and half of one for each who is there.
///
/// # Errors
/// `LIMIT_REACHED` where more than a thousand of the team are there.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    asked: &GetOnlineUsersCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    place::find_membership(app, user, asked.channel_id).await?;
    let online: Vec<UserId> =
        presence::list_online(&app.store, now).await?.into_iter().map(|one| one.id).collect();
    if online.len() > MAX_USERS {
        let message = format!("more than {MAX_USERS} of the team are there: see GET /v1/channels/online");
        return Err(Error::conflict(ErrorCode::LimitReached, message));
    }
    let members = memberships::get_many(&app.store, asked.channel_id, &online, now).await?;
    let users = members.into_iter().map(|member| member.user).collect();
    let event = OnlineUsersList { channel_id: asked.channel_id, users, as_of: now };
    app.realtime.send_event(connection, Event::OnlineUsers(event), now).await.map(drop)
}
