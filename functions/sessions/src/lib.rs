//! Live sessions. A presenter shows the slides of a presentation, an audience joins by code and answers, and all of
//! them see the results.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/sessions` | [`create_session`] |
//! | `GET /v1/sessions` | [`list_sessions`] |
//! | `GET /v1/sessions/{id}` | [`get_session`] |
//! | `PATCH /v1/sessions/{id}` | [`update_session`] |
//! | `GET /v1/sessions/code/{code}`, `GET /v1/sessions/slug/{slug}` | [`find_session`] |
//! | `POST /v1/sessions/{id}/start` | [`start_session`] |
//! | `POST /v1/sessions/{id}/pause` | [`pause_session`] |
//! | `POST /v1/sessions/{id}/resume` | [`resume_session`] |
//! | `POST /v1/sessions/{id}/end` | [`end_session`] |
//! | `POST /v1/sessions/{id}/finalize` | [`finalize_session`] |
//! | `GET /v1/sessions/{id}/statistics`, `GET /v1/sessions/{id}/stats` | [`session_statistics`] |
//! | `POST /v1/sessions/code/{code}/join` | [`participants::join_session`] |
//! | `GET /v1/sessions/{id}/participants` | [`participants::list_participants`] |
//! | `DELETE /v1/sessions/{id}/participants/{participant_id}` | [`participants::remove_participant`] |
//! | `GET /v1/sessions/{id}/leaderboard` | [`participants::get_leaderboard`] |
//! | `GET /v1/sessions/{id}/slides` | [`slides::list_slides`] |
//! | `POST /v1/sessions/{id}/slide`, `PUT /v1/sessions/{id}/current-slide` | [`slides::show_slide`] |
//! | `GET`, `PUT`, `DELETE /v1/sessions/{id}/slides/{slide_id}/results` | [`slides::results`] |
//! | `POST`, `GET /v1/sessions/{id}/slides/{slide_id}/generation` | [`slides::generate`] |
//! | `POST /v1/ai/summary`, `POST /v1/ai/conclusion` | [`slides::generate`] |
//! | `POST /v1/responses` | [`votes::submit_response`] |
//! | `GET /v1/responses/slide/{id}` | [`votes::list_responses`] |
//! | `PATCH /v1/responses/{id}` | [`votes::moderate_response`] |
//! | `POST /v1/sessions/{id}/questions`, `POST /v1/ai/answer` | [`questions::ask`] |
//! | `GET /v1/sessions/{id}/questions` | [`questions::list`] |
//! | `GET /v1/sessions/{id}/questions/{question_id}` | [`questions::get`] |
//! | `PATCH /v1/sessions/{id}/questions/{question_id}` | [`questions::update`] |
//! | `POST /v1/sessions/{id}/questions/{question_id}/answer` | [`questions::answer`] |
//! | `PUT`, `DELETE /v1/sessions/{id}/questions/{question_id}/upvote` | [`questions::upvote`] |
//! | `GET /v1/sessions/{id}/report` | [`report::get`] |
//! | `DELETE /v1/sessions/{id}/report/links` | [`report::revoke_links`] |
//! | `GET /v1/sessions/{id}/export` | [`export`] |
//!
//! | socket message | file |
//! | --- | --- |
//! | `response_submitted`, `submit_response` | [`socket`](mod@socket), then [`votes::cast_vote`] |
//! | `join`, `join_speaker` | [`socket`](mod@socket) |
//! | `question_asked`, `ask_question` | [`socket`](mod@socket), then [`questions::ask`] |
//! | `upvote_question` | [`socket`](mod@socket), then [`questions::upvote`] |
//!
//! | job of `worker-sessions` | file |
//! | --- | --- |
//! | `connection_opened` | [`worker::connection_opened`] |
//! | `connection_closed` | [`worker::connection_closed`] |
//! | `count_votes` | [`worker::count_votes`] |
//! | `count_presence` | [`worker::count_presence`] |
//! | `count_turned_away` | [`worker::count_turned_away`] |
//! | `count_upvotes` | [`worker::count_upvotes`] |
//! | `rank_quiz` | [`worker::rank_quiz`] |
//! | `check_session` | [`worker::check_session`] |
//! | `end_session` | [`worker::end_session`] |
//! | `end_login` | [`worker::end_login`] |
//! | `end_logins` | [`worker::end_logins`] |
//! | `finish_removal` | [`worker::finish_removal`] |
//! | `write_report` | [`worker::write_report`] |
//!
//! | job of `worker-answers` | file |
//! | --- | --- |
//! | `answer_question` | [`assistant::answer_question`] |
//! | `generate_slide` | [`assistant::generate_slide`] |
//!
//! | shared by all of them | file |
//! | --- | --- |
//! | the memory of one function instance | [`instance_state`] |
//! | the slide on the screen of a session | [`session_snapshot`] |
//! | the state that a connection receives | [`session_state`] |
//! | one conditional change of the session row | [`change_session`] |
//! | the transitions start, pause, resume and end | [`lifecycle`] |
//! | the JSON of a session | [`session_view`] |
//!
//! The jobs of the assistant have a queue and a function of their own. They take up to a minute where the other jobs
//! take milliseconds, and only that function has the key of the model provider.
//!
//! Casting a vote is one write (ARCHITECTURE 5). [`votes::cast_vote`] stores the vote.
//! [`instance_state::count_scheduler`] sends one `count_votes` job per slide and tick. [`worker::count_votes`] counts
//! when the tick is over.

pub mod assistant;
pub mod change_session;
pub mod create_session;
pub mod end_session;
pub mod export;
pub mod finalize_session;
pub mod find_session;
pub mod get_session;
pub mod instance_state;
pub mod lifecycle;
pub mod list_sessions;
pub mod participants;
pub mod pause_session;
pub mod presence;
pub mod questions;
pub mod report;
pub mod resume_session;
pub mod session_snapshot;
pub mod session_state;
pub mod session_statistics;
pub mod session_view;
pub mod slides;
pub mod socket;
pub mod start_session;
pub mod update_session;
pub mod votes;
pub mod worker;
pub mod wrong_codes;

use axum::Extension;
use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::instance_state::InstanceState;

/// The routes of `api-sessions`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_session::create_session, list_sessions::list_sessions))
        .routes(routes!(get_session::get_session, update_session::update_session))
        .routes(routes!(find_session::find_session_by_code))
        .routes(routes!(find_session::find_session_by_slug))
        .routes(routes!(start_session::start_session))
        .routes(routes!(pause_session::pause_session))
        .routes(routes!(resume_session::resume_session))
        .routes(routes!(end_session::end_session))
        .routes(routes!(finalize_session::finalize_session))
        .routes(routes!(session_statistics::session_statistics))
        .routes(routes!(session_statistics::session_stats))
        .merge(participants::routes())
        .merge(slides::routes())
        .merge(votes::routes())
        .merge(questions::routes())
        .merge(report::routes())
        .merge(export::routes())
}

/// The OpenAPI document of [`router`].
pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// Starts the function `api-sessions`.
///
/// # Errors
/// Fails if a setting is missing or invalid.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let router =
        router().split_for_parts().0.layer(Extension(InstanceState::default())).with_state(app.clone());
    Ok(entry::http::function(&app, router))
}

/// Starts the function `socket-sessions`.
///
/// # Errors
/// Fails if a setting is missing or invalid.
pub async fn socket(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let connection_cache = ConnectionCache::default();
    let socket = socket::SessionSocket {
        app: app.clone(),
        connection_cache: connection_cache.clone(),
        state: InstanceState::default(),
    };
    Ok(entry::socket::function(app, connection_cache, socket))
}

/// Starts the function `worker-sessions`.
///
/// # Errors
/// Fails if a setting is missing or invalid.
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let worker = worker::SessionsWorker { app, state: InstanceState::default() };
    Ok(entry::worker::function(worker, worker::jobs()))
}

/// Starts the function `worker-answers`.
///
/// # Errors
/// Fails if a setting is missing or invalid.
pub async fn answers(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let assistant = assistant::assistant_from_environment(&environment)?;
    Ok(entry::worker::function(assistant::AnswersWorker { app, assistant }, assistant::jobs()))
}
