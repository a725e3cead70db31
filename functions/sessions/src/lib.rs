//! Live sessions: someone presents, an audience joins by code and answers, everyone sees what it comes to.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/sessions` | [`create`] |
//! | `GET /v1/sessions` | [`list`] |
//! | `GET /v1/sessions/{id}` | [`get`] |
//! | `PATCH /v1/sessions/{id}` | [`update`] |
//! | `GET /v1/sessions/code/{code}`, `GET /v1/sessions/slug/{slug}` | [`find`] |
//! | `POST /v1/sessions/code/{code}/join` | [`join`] |
//! | `POST /v1/sessions/{id}/start`, `/pause`, `/resume`, `/end` | [`moves`] |
//! | `POST /v1/sessions/{id}/slide`, `PUT /v1/sessions/{id}/current-slide` | [`slide`] |
//! | `GET /v1/sessions/{id}/statistics`, `/stats` | [`statistics`] |
//! | `POST /v1/sessions/{id}/finalize` | [`finalize`] |
//! | `GET /v1/sessions/{id}/report` | [`report`] |
//! | `GET /v1/sessions/{id}/export` | [`export`] |
//! | `GET /v1/sessions/{id}/participants` | [`participants`] |
//! | `DELETE /v1/sessions/{id}/participants/{participant_id}` | [`remove_participant`] |
//! | `GET /v1/sessions/{id}/slides` | [`slides`] |
//! | `GET`, `PUT`, `DELETE /v1/sessions/{id}/slides/{slide_id}/results` | [`results`] |
//! | `POST`, `GET /v1/sessions/{id}/slides/{slide_id}/generation`, `POST /v1/ai/summary`, `/v1/ai/conclusion` | [`generate`] |
//! | `GET /v1/sessions/{id}/leaderboard` | [`leaderboard`] |
//! | `/v1/sessions/{id}/questions…`, `POST /v1/ai/answer` | [`questions`] |
//! | `POST /v1/responses` | [`respond`] |
//! | `PATCH /v1/responses/{id}` | [`moderate`] |
//! | `GET /v1/responses/slide/{id}` | [`responses`] |
//!
//! | socket message | file |
//! | --- | --- |
//! | `response_submitted`, `submit_response` | [`socket`], [`vote`] |
//! | `join`, `join_speaker` | [`socket`] |
//! | `question_asked`, `ask_question`, `upvote_question` | [`socket`], [`questions`] |
//!
//! | job | file |
//! | --- | --- |
//! | `connection_opened` | [`worker::connection_opened`] |
//! | `connection_closed` | [`worker::connection_closed`] |
//! | `count_votes` | [`worker::count_votes`] |
//! | `count_presence` | [`worker::count_presence`] |
//! | `count_upvotes` | [`worker::count_upvotes`] |
//! | `rank_quiz` | [`worker::rank_quiz`] |
//! | `write_report` | [`worker::write_report`] |
//! | `check_session` | [`worker::check_session`] |
//! | `end_login` | [`worker::end_login`] |
//! | `end_session` | [`worker::end_session`] |
//!
//! | job of the assistant | file |
//! | --- | --- |
//! | `answer_question` | [`assistant::answer_question`] |
//! | `generate_slide` | [`assistant::generate_slide`] |
//!
//! The assistant's jobs have a queue and a door of their own: they take a minute where the others take a moment, and that
//! door alone has the key of the models.
//!
//! A vote is one write and nothing else (ARCHITECTURE 5): [`vote`] stores it, [`announce`] asks once per tick that it be
//! counted, [`worker::count_votes`] counts when the tick is over.

pub mod announce;
pub mod assistant;
pub mod create;
pub mod export;
pub mod finalize;
pub mod find;
pub mod generate;
pub mod get;
pub mod guest;
pub mod join;
pub mod keep;
pub mod leaderboard;
pub mod list;
pub mod live;
pub mod moderate;
pub mod moves;
pub mod participants;
pub mod presence;
pub mod questions;
pub mod remove_participant;
pub mod report;
pub mod respond;
pub mod responses;
pub mod results;
pub mod slide;
pub mod slides;
pub mod socket;
pub mod state;
pub mod statistics;
pub mod update;
pub mod view;
pub mod vote;
pub mod worker;

use axum::Extension;
use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError, socket::ConnectionCache};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{announce::CountScheduler, live::SessionCache};

/// What one instance remembers between events.
#[derive(Clone, Default)]
pub struct InstanceState {
    pub session_cache: SessionCache,
    pub count_scheduler: CountScheduler,
}

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::create_session, list::list_sessions))
        .routes(routes!(get::get_session, update::update_session))
        .routes(routes!(find::find_session_by_code))
        .routes(routes!(find::find_session_by_slug))
        .routes(routes!(join::join_session))
        .routes(routes!(moves::start))
        .routes(routes!(moves::pause))
        .routes(routes!(moves::resume))
        .routes(routes!(moves::end))
        .routes(routes!(slide::show))
        .routes(routes!(slide::show_put))
        .routes(routes!(statistics::statistics))
        .routes(routes!(statistics::stats))
        .routes(routes!(finalize::finalize_session))
        .routes(routes!(report::get::get_report))
        .routes(routes!(export::export_session))
        .routes(routes!(participants::list_participants))
        .routes(routes!(remove_participant::remove_participant))
        .routes(routes!(slides::list_session_slides))
        .routes(routes!(results::get_results, results::show_results, results::reset_results))
        .routes(routes!(generate::generate_slide, generate::get_generation))
        .routes(routes!(generate::summary))
        .routes(routes!(generate::conclusion))
        .routes(routes!(leaderboard::get_leaderboard))
        .routes(routes!(questions::ask::ask_question, questions::list::list_questions))
        .routes(routes!(questions::ask::ask_assistant))
        .routes(routes!(questions::get::get_question, questions::update::update_question))
        .routes(routes!(questions::answer::answer_question))
        .routes(routes!(questions::upvote::upvote, questions::upvote::withdraw))
        .routes(routes!(respond::submit_response))
        .routes(routes!(moderate::moderate_response))
        .routes(routes!(responses::list_responses_of_slide))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-sessions`
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let router =
        router().split_for_parts().0.layer(Extension(InstanceState::default())).with_state(app.clone());
    Ok(entry::http::function(&app, router))
}

/// `socket-sessions`
pub async fn socket(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let known = ConnectionCache::default();
    let socket = socket::SessionSocket {
        app: app.clone(),
        connection_cache: known.clone(),
        state: InstanceState::default(),
    };
    Ok(entry::socket::function(app, known, socket))
}

/// `worker-sessions`
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let worker = worker::SessionsWorker { app, state: InstanceState::default() };
    Ok(entry::worker::function(worker, worker::jobs()))
}

/// `worker-answers`
pub async fn answers(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, FunctionDependency::REALTIME).await?;
    let assistant = assistant::assistant_from_environment(&environment)?;
    Ok(entry::worker::function(assistant::AnswersWorker { app, assistant }, assistant::jobs()))
}
