//! Channels of the team, and who is in them.

mod add_user;
pub(crate) mod announce;
mod archive;
mod available;
mod create;
pub(crate) mod defaults;
pub(crate) mod delete;
mod direct;
mod fields;
mod get;
mod join;
pub(crate) mod leave;
mod list;
mod members;
pub(crate) mod membership;
mod my;
mod notifications;
mod read;
mod remove_member;
pub(crate) mod seat;
mod update;
mod update_member;
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
        .routes(routes!(direct::direct))
        .routes(routes!(get::get, update::patch_channel, update::put_channel, delete::delete))
        .routes(routes!(archive::archive))
        .routes(routes!(archive::unarchive))
        .routes(routes!(leave::leave))
        .routes(routes!(add_user::add_user))
        .routes(routes!(members::list_members))
        .routes(routes!(update_member::update_member, remove_member::remove_member))
        .routes(routes!(read::read))
        .routes(routes!(notifications::notifications))
}
