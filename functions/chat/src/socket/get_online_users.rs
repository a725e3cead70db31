use entry::App;
use jiff::Timestamp;
use model::{Error, ErrorCode, UserId};
use protocol::{Event, command::GetOnlineUsersCommand, event::chat::OnlineUsersList};
use store::{
    chat::{memberships, presence},
    realtime::connections::Connection,
};

use super::connected_teammate;
use crate::membership_update::find_membership;

/// The most online users whose memberships are read. Their ids fit into half of what API Gateway takes in one post.
const MAX_USERS: usize = 1_000;

/// Sends a member the online members of a channel. Reads the online users of the team and which of them are members.
/// Costs 1 read unit for 20 users of the team, and half a read unit for each online user.
///
/// # Errors
/// `NotFound` if the user is not a member. `LIMIT_REACHED` if more than a thousand users of the team are online.
pub(super) async fn run(
    app: &App,
    connection: &Connection,
    command: &GetOnlineUsersCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    find_membership(app, user, command.channel_id).await?;
    let online = presence::list_online(&app.store, now).await?;
    let online: Vec<UserId> = online.into_iter().map(|user| user.id).collect();
    if online.len() > MAX_USERS {
        let message = format!("more than {MAX_USERS} users are online: use GET /v1/channels/online");
        return Err(Error::conflict(ErrorCode::LimitReached, message));
    }
    let members = memberships::get_many(&app.store, command.channel_id, &online, now).await?;
    let users = members.into_iter().map(|member| member.user).collect();
    let event = OnlineUsersList { channel_id: command.channel_id, users, as_of: now };
    app.realtime.send_event(connection, Event::OnlineUsers(event), now).await.map(drop)
}
