//! Routes of operations that find messages by their words, mentions or replies.

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{mentions, replies, search};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search::search_messages))
        .routes(routes!(mentions::list_my_mentions))
        .routes(routes!(replies::list_replies))
}
