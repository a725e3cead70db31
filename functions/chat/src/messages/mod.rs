//! Messages of channels: sending, listing, editing, deleting, reactions, pins, mentions, replies and search.
//!
//! | operation | file |
//! | --- | --- |
//! | send a message | [`send`] |
//! | list the messages of a channel, get a message | [`list`], [`get`] |
//! | edit a message, delete a message | [`edit`], [`delete`], [`admin_delete`] |
//! | react | [`react`] |
//! | pin, list the pins | [`pin`] |
//! | search, list my mentions, list the replies | [`search`], [`mentions`], [`replies`] |
//! | validate a text | [`validate`] |
//!
//! | shared by several operations | file |
//! | --- | --- |
//! | which messages the caller can see and change | [`message_access`] |
//! | the members that a text mentions | [`resolve_mentions`] |
//! | changing a message despite concurrent changes | [`rewrite`] |
//! | publishing messages | [`publish`] |

mod admin_delete;
mod delete;
mod direct_recipient;
mod edit;
mod get;
mod list;
pub(crate) mod lookup_routes;
mod mentions;
mod message_access;
mod pin;
pub(crate) mod publish;
mod react;
mod replies;
mod resolve_mentions;
mod rewrite;
mod search;
mod send;
mod validate;

use entry::App;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send::send_message))
        .routes(routes!(list::list_messages))
        .routes(routes!(get::get_message, edit::edit_message, edit::replace_message, delete::delete_message))
        .routes(routes!(react::toggle_reaction))
        .routes(routes!(react::add_reaction, react::remove_reaction))
        .routes(routes!(pin::pin_message, pin::unpin_message))
        .routes(routes!(pin::list_pins))
        .routes(routes!(validate::validate_format))
        .routes(routes!(admin_delete::admin_delete_message))
}

/// Confirms that a message is deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeleteMessageResponse {
    /// A sentence for people.
    message: &'static str,
}
