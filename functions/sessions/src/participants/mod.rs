//! The audience of a session.
//!
//! | request | file |
//! | --- | --- |
//! | `POST /v1/sessions/code/{code}/join` | [`join_session`] |
//! | `GET /v1/sessions/{id}/participants` | [`list_participants`] |
//! | `DELETE /v1/sessions/{id}/participants/{participant_id}` | [`remove_participant`] |
//! | `GET /v1/sessions/{id}/leaderboard` | [`get_leaderboard`] |
//!
//! [`participant_access`] decides whether a participant's token still counts. [`removal`] closes the sockets of a removed participant.
//! `refused_join.rs` counts the joins that a full session refuses.

pub mod get_leaderboard;
pub mod join_session;
pub mod list_participants;
pub mod participant_access;
mod refused_join;
pub mod removal;
pub mod remove_participant;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(join_session::join_session))
        .routes(routes!(list_participants::list_participants))
        .routes(routes!(remove_participant::remove_participant))
        .routes(routes!(get_leaderboard::get_leaderboard))
}
