//! Messages of channels: written, read, changed, reacted to, pinned.
//!
//! | what | file |
//! | --- | --- |
//! | write one | [`send`] |
//! | some of a channel, one | [`list`], [`get`] |
//! | other words, none | [`edit`], [`delete`], [`moderate`] |
//! | react | [`react`] |
//! | pin | [`pin`] |
//! | find some: by words, by whom they mention, by what they answer | [`search`], [`mentions`], [`replies`] |
//! | see what a text would come to | [`validate`] |
//!
//! | what several of them stand on | file |
//! | --- | --- |
//! | who may see a message, and whether its channel is open | [`seen`] |
//! | whom a text mentions | [`mentioned`] |
//! | changing a message while others do | [`rewrite`] |
//! | who is told | [`announce`] |

pub(crate) mod announce;
mod delete;
mod edit;
pub(crate) mod found;
mod get;
mod list;
mod mentioned;
mod mentions;
mod moderate;
mod pin;
mod react;
mod replies;
mod rewrite;
mod search;
mod seen;
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
        .routes(routes!(moderate::admin_delete_message))
}

/// What was done, in a sentence for people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeleteMessageResponse {
    message: &'static str,
}
