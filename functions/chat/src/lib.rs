//! Team chat.
//!
//! | method and path | file |
//! | --- | --- |
//!
//! | message of the socket | file |
//! | --- | --- |
//! | `join_channel`, `leave_channel`, `typing_indicator`, `get_online_users` | [`socket`] |
//!
//! | job | file |
//! | --- | --- |
//! | `welcome` | [`worker`] |
//!
//! **How a message is stored.** A channel's messages are a log: each has the number after the one before it, and is put on the
//! condition that nothing lies there ([`store::messages`]). There is no counter beside it that could be wrong, or hot; a number
//! never goes missing, so that a client sees by the numbers what it has missed, and how much is unread is a difference. Before
//! it, the sender's own row of the channel is written over as it was read: that they are a member, what they sent last (so that
//! a retry is not a second message) and how fast they write are settled by that one write. Together 2 write units.

pub mod socket;
pub mod view;
pub mod worker;

use entry::{App, Door, Environment, Peer, StartError, socket::Known};
use utoipa_axum::router::OpenApiRouter;

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-chat`
pub async fn api(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    let router = router().split_for_parts().0.with_state(app.clone());
    Ok(entry::http::door(&app, router))
}

/// `socket-chat`
pub async fn socket(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    let known = Known::default();
    let socket = socket::Chat { app: app.clone() };
    Ok(entry::socket::door(app, known, socket))
}

/// `worker-chat`
pub async fn worker(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    Ok(entry::worker::door(app, |app, delivery| async move { worker::run(&app, &delivery).await }))
}
