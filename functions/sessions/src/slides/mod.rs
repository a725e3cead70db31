//! The slides of a session, their results, and the texts that a model writes on them.
//!
//! | request | file |
//! | --- | --- |
//! | `GET /v1/sessions/{id}/slides` | [`list_slides`] |
//! | `POST /v1/sessions/{id}/slide`, `PUT /v1/sessions/{id}/current-slide` | [`show_slide`] |
//! | `GET`, `PUT`, `DELETE /v1/sessions/{id}/slides/{slide_id}/results` | [`results`] |
//! | `POST`, `GET /v1/sessions/{id}/slides/{slide_id}/generation` | [`generate`] |
//! | `POST /v1/ai/summary`, `POST /v1/ai/conclusion` | [`generate`] |
//!
//! [`slide_snapshots`] stores a slide as it was shown, for the report. [`crate::assistant::generate_slide`] is the job
//! that writes on a slide.

pub mod generate;
pub mod list_slides;
pub mod results;
pub mod show_slide;
pub mod slide_snapshots;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_slide::show_slide))
        .routes(routes!(show_slide::show_slide_put))
        .routes(routes!(list_slides::list_session_slides))
        .routes(routes!(results::get_results, results::show_results, results::reset_results))
        .routes(routes!(generate::generate_slide, generate::get_generation))
        .routes(routes!(generate::generate_summary))
        .routes(routes!(generate::generate_conclusion))
}
