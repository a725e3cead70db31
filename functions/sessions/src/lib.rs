//! Live sessions: someone presents, an audience joins by code and answers, everyone sees what it comes to.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/sessions` | [`create`] |
//! | `GET /v1/sessions` | [`list`] |
//! | `GET /v1/sessions/{id}` | [`get`] |
//! | `GET /v1/sessions/code/{code}`, `GET /v1/sessions/slug/{slug}` | [`find`] |
//! | `POST /v1/sessions/code/{code}/join` | [`join`] |
//! | `POST /v1/sessions/{id}/start`, `/pause`, `/resume`, `/end` | [`moves`] |
//! | `POST /v1/sessions/{id}/slide`, `PUT /v1/sessions/{id}/current-slide` | [`slide`] |
//! | `GET /v1/sessions/{id}/statistics`, `/stats` | [`statistics`] |
//! | `GET /v1/sessions/{id}/participants` | [`participants`] |
//! | `POST /v1/responses` | [`respond`] |
//! | `GET /v1/responses/slide/{id}` | [`responses`] |
//!
//! | socket message | file |
//! | --- | --- |
//! | `response_submitted`, `submit_response` | [`socket`], [`vote`] |
//! | `join`, `join_speaker` | [`socket`] |
//!
//! | job | file |
//! | --- | --- |
//! | `greet` | [`worker::greet`] |
//! | `count_votes` | [`worker::count_votes`] |
//! | `count_presence` | [`worker::count_presence`] |
//! | `check_session` | [`worker::check_session`] |
//! | `end_login` | [`worker::end_login`] |
//! | `end_session` | [`worker::end_session`] |
//!
//! A vote is one write and nothing else (DESIGN 5): [`vote`] stores it, [`announce`] asks once per tick that it be
//! counted, [`worker::count_votes`] counts when the tick is over.

pub mod announce;
pub mod create;
pub mod find;
pub mod get;
pub mod join;
pub mod list;
pub mod live;
pub mod moves;
pub mod participants;
pub mod respond;
pub mod responses;
pub mod slide;
pub mod socket;
pub mod state;
pub mod statistics;
pub mod view;
pub mod vote;
pub mod worker;

use axum::Extension;
use entry::{App, Door, Environment, Peer, StartError, socket::Known};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{announce::Announcer, live::Live};

/// What one instance remembers between events.
#[derive(Clone, Default)]
pub struct Hot {
    pub live: Live,
    pub announcer: Announcer,
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(get::get))
        .routes(routes!(find::by_code))
        .routes(routes!(find::by_slug))
        .routes(routes!(join::join))
        .routes(routes!(moves::start))
        .routes(routes!(moves::pause))
        .routes(routes!(moves::resume))
        .routes(routes!(moves::end))
        .routes(routes!(slide::show))
        .routes(routes!(slide::show_put))
        .routes(routes!(statistics::statistics))
        .routes(routes!(statistics::stats))
        .routes(routes!(participants::participants))
        .routes(routes!(respond::respond))
        .routes(routes!(responses::responses))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-sessions`
pub async fn api(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    let router = router().split_for_parts().0.layer(Extension(Hot::default())).with_state(app.clone());
    Ok(entry::http::door(&app, router))
}

/// `socket-sessions`
pub async fn socket(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    let known = Known::default();
    let socket = socket::Sessions { app: app.clone(), known: known.clone(), hot: Hot::default() };
    Ok(entry::socket::door(app, known, socket))
}

/// `worker-sessions`
pub async fn worker(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment, Peer::ROOMS).await?;
    let hot = Hot::default();
    Ok(entry::worker::door(app, move |app, delivery| {
        let hot = hot.clone();
        async move { worker::run(&app, &hot, &delivery).await }
    }))
}
