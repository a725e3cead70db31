//! Channels of the team, and who is in them.

pub(crate) mod announce;
mod available;
mod create;
pub(crate) mod defaults;
mod fields;
mod get;
mod join;
mod list;
mod members;
pub(crate) mod membership;
mod my;
pub(crate) mod seat;
pub(crate) mod view;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Items on a page where nothing is said (contract 1.3).
const PAGE: usize = 50;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(my::my))
        .routes(routes!(join::join))
        .routes(routes!(join::join_this))
        .routes(routes!(available::available))
        .routes(routes!(get::get))
        .routes(routes!(members::list_members))
}
