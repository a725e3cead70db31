//! The answers of the audience.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/responses` | [`submit_response`], then [`cast_vote`] |
//! | `GET /v1/responses/slide/{id}` | [`list_responses`] |
//! | `PATCH /v1/responses/{id}` | [`moderate_response`] |
//!
//! | shared with the counts, the report and the export | file |
//! | --- | --- |
//! | which answers count | [`counted_responses`] |
//! | the points of a quiz | [`quiz_points`] |
//!
//! [`crate::worker::count_votes`] counts the votes.

pub mod cast_vote;
pub mod counted_responses;
pub mod list_responses;
pub mod moderate_response;
pub mod quiz_points;
pub mod submit_response;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(submit_response::submit_response))
        .routes(routes!(moderate_response::moderate_response))
        .routes(routes!(list_responses::list_responses_of_slide))
}
