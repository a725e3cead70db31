//! Team chat.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /v1/channels/online` | `online` |
//! | `GET`, `POST /v1/channels` | [`channels::list`], [`channels::create`] |
//! | `GET /v1/channels/my` | [`channels::my`] |
//! | `POST /v1/channels/join`, `/v1/channels/{id}/join` | [`channels::join`] |
//! | `DELETE /v1/channels/{id}/leave` | [`channels::leave`] |
//! | `POST /v1/channels/direct` | [`channels::direct`] |
//! | `GET /v1/channels/{id}` | [`channels::get`] |
//! | `PATCH`, `PUT /v1/channels/{id}` | [`channels::update`] |
//! | `DELETE /v1/channels/{id}` | [`channels::delete`] |
//! | `POST /v1/channels/{id}/archive`, `/unarchive` | [`channels::archive`] |
//! | `POST /v1/channels/{id}/add-user` | [`channels::add_user`] |
//! | `GET /v1/channels/{id}/members` | [`channels::members`] |
//! | `PATCH`, `DELETE /v1/channels/{id}/members/{user_id}` | [`channels::update_member`], [`channels::remove_member`] |
//! | `PUT /v1/channels/{id}/read` | [`channels::read`] |
//! | `PATCH /v1/channels/{id}/notifications` | [`channels::notifications`] |
//! | `GET /v1/channels/users/available` | [`channels::available`] |
//! | `POST /v1/messages` | [`messages::send`] |
//! | `GET /v1/messages/channel/{id}` | [`messages::list`] |
//! | `GET /v1/messages/{id}` | [`messages::get`] |
//! | `PATCH`, `PUT /v1/messages/{id}` | [`messages::edit`] |
//! | `DELETE /v1/messages/{id}` | [`messages::delete`] |
//! | `POST /v1/messages/reactions`; `PUT`, `DELETE /v1/messages/{id}/reactions/{emoji}` | [`messages::react`] |
//! | `PUT`, `DELETE /v1/messages/{id}/pin`; `GET /v1/channels/{id}/pins` | [`messages::pin`] |
//! | `POST /v1/messages/format/validate` | [`messages::validate`] |
//! | `DELETE /v1/admin/messages/{id}` | [`messages::moderate`] |
//! | `GET /v1/messages/search` | [`messages::search`] |
//! | `GET /v1/messages/mentions/my` | [`messages::mentions`] |
//! | `GET /v1/messages/{id}/replies` | [`messages::replies`] |
//! | `GET /v1/channels/drafts` | [`drafts::list`] |
//! | `GET PUT /v1/channels/{id}/draft` | [`drafts::get`], [`drafts::save`] |
//! | `GET PUT /v1/notifications/preferences` | [`notifications::preferences`] |
//!
//! | message of the socket | file |
//! | --- | --- |
//! | `join_channel` | `socket::join_channel` |
//! | `leave_channel` | `socket::leave_channel` |
//! | `typing_indicator` | `socket::typing_indicator` |
//! | `get_online_users` | `socket::get_online_users` |
//!
//! | job | file |
//! | --- | --- |
//! | `connection_opened` | `worker::connection_opened` |
//! | `connection_closed` | `worker::connection_closed` |
//! | `connection_heartbeat` | `presence` |
//! | `check_team_presence` | `worker::check_team_presence` |
//! | `sync_profile` | `worker::follow_account` |
//! | `delete_channel_rows` | `worker::clear_channel` |
//! | `process_messages` | `worker::follow_channel` |
//! | `send_mention_digest` | `worker::send_digest` |
//!
//! **How a message is stored.** A channel's messages are a log: each has the number after the one before it, and is put on the
//! condition that nothing lies there ([`store::chat::messages`]). There is no counter beside it that could be wrong, or hot; a number
//! never goes missing, so that a client sees by the numbers what it has missed, and how much is unread is a difference. Before
//! it, the sender's own row of the channel is written over as it was read: that they are a member, what they sent last (so that
//! a retry is not a second message) and how fast they write are settled by that one write. Together 2 write units.
//!
//! **How a socket is told of channels.** It is in a room for each, by a row that `connection_opened` writes and `connection_closed`
//! deletes. Whoever joins or leaves a channel meanwhile has the rows of their connections written or taken by
//! that request. Each looks again after it has written, so that no row stays of a channel that one is not in.
//!
//! **Who is there.** Somebody is there while one of their connections has a row and was heard within 90 seconds. What the team was
//! told of it is a row ([`store::online`]), and it is told where that differs from what is so: by `connection_opened` and `ping` that
//! someone came, by `connection_closed` and the clock that they are gone.

mod channels;
mod drafts;
mod messages;
mod notifications;
mod online;
mod place;
mod presence;
pub mod socket;
mod team;
pub mod view;
pub mod worker;

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use utoipa_axum::router::OpenApiRouter;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(channels::routes())
        .merge(drafts::routes())
        .merge(messages::routes())
        .merge(messages::found::routes())
        .merge(notifications::routes())
        .merge(online::routes())
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-chat`
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let router = router().split_for_parts().0.with_state(app.clone());
    Ok(entry::http::function(&app, router))
}

/// `socket-chat`
pub async fn socket(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let known = ConnectionCache::default();
    let socket = socket::ChatSocket { app: app.clone(), typing_throttle: socket::TypingThrottle::default() };
    Ok(entry::socket::function(app, known, socket))
}

/// `worker-chat`
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    Ok(entry::worker::function(app, worker::jobs()))
}
