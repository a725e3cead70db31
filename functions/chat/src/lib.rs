//! Team chat: channels, messages, drafts and notifications. The tables name the file in `src/` of each operation,
//! message and job. Handlers are named after their operation id, for example `send_message`.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /v1/channels/online` | `online.rs` |
//! | `GET`, `POST /v1/channels` | `channels/list.rs`, `channels/create.rs` |
//! | `GET /v1/channels/my` | `channels/list_my_channels.rs` |
//! | `POST /v1/channels/join`, `/v1/channels/{id}/join` | `channels/join.rs` |
//! | `DELETE /v1/channels/{id}/leave` | `channels/leave.rs` |
//! | `POST /v1/channels/direct` | `channels/open_direct_channel.rs` |
//! | `GET /v1/channels/{id}` | `channels/get.rs` |
//! | `PATCH`, `PUT /v1/channels/{id}` | `channels/update.rs` |
//! | `DELETE /v1/channels/{id}` | `channels/delete.rs` |
//! | `POST /v1/channels/{id}/archive`, `/unarchive` | `channels/archive.rs` |
//! | `POST /v1/channels/{id}/hide`, `/unhide` | `channels/hide.rs` |
//! | `POST`, `DELETE /v1/users/{id}/block` | `blocks/block_user.rs` |
//! | `GET /v1/users/me/blocks` | `blocks/list_blocks.rs` |
//! | `POST /v1/channels/{id}/add-user` | `channels/add_user.rs` |
//! | `GET /v1/channels/{id}/members` | `channels/members.rs` |
//! | `PATCH`, `DELETE /v1/channels/{id}/members/{user_id}` | `channels/update_member.rs`, `channels/remove_member.rs` |
//! | `PUT /v1/channels/{id}/read` | `channels/mark_read.rs` |
//! | `PATCH /v1/channels/{id}/notifications` | `channels/notifications.rs` |
//! | `GET /v1/channels/users/available` | `channels/available_users.rs` |
//! | `POST /v1/messages` | `messages/send.rs` |
//! | `GET /v1/messages/channel/{id}` | `messages/list.rs` |
//! | `GET /v1/messages/{id}` | `messages/get.rs` |
//! | `PATCH`, `PUT /v1/messages/{id}` | `messages/edit.rs` |
//! | `DELETE /v1/messages/{id}` | `messages/delete.rs` |
//! | `POST /v1/messages/reactions`; `PUT`, `DELETE /v1/messages/{id}/reactions/{emoji}` | `messages/react.rs` |
//! | `PUT`, `DELETE /v1/messages/{id}/pin`; `GET /v1/channels/{id}/pins` | `messages/pin.rs` |
//! | `POST /v1/messages/format/validate` | `messages/validate.rs` |
//! | `DELETE /v1/admin/messages/{id}` | `messages/admin_delete.rs` |
//! | `GET /v1/messages/search` | `messages/search.rs` |
//! | `GET /v1/messages/mentions/my` | `messages/mentions.rs` |
//! | `GET /v1/messages/{id}/replies` | `messages/replies.rs` |
//! | `GET /v1/channels/drafts` | `drafts/list.rs` |
//! | `GET`, `PUT /v1/channels/{id}/draft` | `drafts/get.rs`, `drafts/save.rs` |
//! | `GET`, `PUT /v1/notifications/preferences` | `notifications/preferences.rs` |
//! | `GET`, `POST /v1/notifications/unsubscribe` | `notifications/unsubscribe.rs` |
//!
//! | message of the socket | file |
//! | --- | --- |
//! | `join_channel` | `socket/join_channel.rs` |
//! | `leave_channel` | `socket/leave_channel.rs` |
//! | `typing_indicator` | `socket/typing_indicator.rs` |
//! | `get_online_users` | `socket/get_online_users.rs` |
//!
//! | job | file |
//! | --- | --- |
//! | `connection_opened` | `worker/connection_opened.rs` |
//! | `connection_closed` | `worker/connection_closed.rs` |
//! | `connection_heartbeat` | `presence/mod.rs` |
//! | `check_team_presence` | `worker/check_team_presence.rs` |
//! | `publish_presence` | `worker/publish_presence.rs` |
//! | `deliver_presence` | `presence/publish.rs` |
//! | `sync_profile` | `worker/sync_profile.rs` |
//! | `delete_channel_rows` | `worker/delete_channel_rows.rs` |
//! | `process_messages` | `worker/process_messages.rs` |
//! | `send_mention_digest` | `worker/send_mention_digest.rs` |
//!
//! # Sending a message
//!
//! A channel's messages are a log ([`store::chat::messages`]). A message gets the number after the last one, and is
//! written on the condition that no item has this number. There is no separate counter, which could be wrong or become
//! a hot key. Numbers have no gaps, so a client sees by the numbers which messages it missed, and the unread count is a
//! difference of two numbers.
//!
//! Before the message is written, the sender's membership is replaced on the condition that it is unchanged. This one
//! write checks that the sender is still a member, records what they sent last, so that a retry is not a second
//! message, and counts for the rate limit. Both writes together cost 2 write units.
//!
//! # Direct channels
//!
//! Opening a direct channel writes nothing beside the other user's account. The first message makes them a member, before
//! it is written itself, and their membership is hidden through message 0. So the channel appears with the message, also
//! if the process dies between the two writes. Whether a channel is listed is derived from its last number, the number
//! through which it is hidden, and the blocks ([`model::channel::DirectChannelState`]). Blocks are read with each
//! message. The alternative, a mark on the sender's membership, would need a transaction with a row that may not exist
//! yet.
//!
//! # Subscriptions of sockets
//!
//! A socket is in the room of each of its user's channels. The job `connection_opened` writes a row for each room
//! after the socket opened, and `connection_closed` deletes the rows after it closed. A request that adds or removes
//! a member meanwhile writes or deletes the rows of the member's sockets. Both read the memberships again after they
//! wrote, so that no row remains of a channel that the user is not a member of (`channels/subscriptions.rs`).
//!
//! # Presence
//!
//! A user is online while one of their connections has a row and sent a heartbeat within 90 seconds. A row stores the
//! last status, and whether it is published ([`store::chat::presence`]). It is written only if the current status differs.
//! `connection_opened` and `ping` find that a user came online. `connection_closed` and the clock find that a user went
//! offline. Each of them then has the unpublished rows published, together and at most once a second, by
//! `publish_presence` on a queue of its own. A connection receives them in the form that it chose (`presence/publish.rs`).

mod blocks;
mod channels;
mod drafts;
mod membership_update;
mod messages;
mod notifications;
mod online;
mod presence;
pub mod socket;
mod team;
pub mod view;
pub mod worker;

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use utoipa_axum::router::OpenApiRouter;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(blocks::routes())
        .merge(channels::routes())
        .merge(drafts::routes())
        .merge(messages::routes())
        .merge(messages::lookup_routes::routes())
        .merge(notifications::routes())
        .merge(online::routes())
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// Starts the function `api-chat`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let router = router().split_for_parts().0.with_state(app.clone());
    Ok(entry::http::function(&app, router))
}

/// Starts the function `socket-chat`.
pub async fn socket(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let connection_cache = ConnectionCache::default();
    let socket = socket::ChatSocket { app: app.clone(), typing_throttle: socket::TypingThrottle::default() };
    Ok(entry::socket::function(app, connection_cache, socket))
}

/// Starts the function `worker-chat`.
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let worker = worker::ChatWorker { app, scheduler: presence::scheduler::PresenceScheduler::default() };
    Ok(entry::worker::function(worker, worker::jobs()))
}
