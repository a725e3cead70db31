//! The questions of the audience. Every question is stored and visible to all, can be up-voted, and is answered by the
//! presenter or the assistant.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/sessions/{id}/questions`, `POST /v1/ai/answer` | [`ask`] |
//! | `GET /v1/sessions/{id}/questions` | [`list`] |
//! | `GET /v1/sessions/{id}/questions/{question_id}` | [`get`](mod@get) |
//! | `PATCH /v1/sessions/{id}/questions/{question_id}` (hide, pin, flag, merge) | [`update`] |
//! | `POST /v1/sessions/{id}/questions/{question_id}/answer` | [`answer`] |
//! | `PUT`, `DELETE /v1/sessions/{id}/questions/{question_id}/upvote` | [`upvote`] |
//!
//! | shared by these | file |
//! | --- | --- |
//! | the effects of merging a question into another one | [`merge`] |
//! | the events of questions, and who receives them | [`publish`] |
//! | the JSON of a question, for the presenter and for the audience | [`view`] |

pub mod answer;
pub mod ask;
pub mod get;
pub mod list;
pub mod merge;
pub mod publish;
pub mod update;
pub mod upvote;
pub mod view;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ask::ask_question, list::list_questions))
        .routes(routes!(ask::ask_assistant))
        .routes(routes!(get::get_question, update::update_question))
        .routes(routes!(answer::answer_question))
        .routes(routes!(upvote::upvote_question, upvote::withdraw_upvote))
}
