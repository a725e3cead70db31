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

/// Items on a page where nothing is said (contract chat 1.3).
const DEFAULT_PAGE_SIZE: usize = 50;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_channels, create::create_channel))
        .routes(routes!(my::list_my_channels))
        .routes(routes!(join::join_channel))
        .routes(routes!(join::join_this_channel))
        .routes(routes!(available::list_available_users))
        .routes(routes!(direct::open_direct_channel))
        .routes(routes!(get::get_channel, update::patch_channel, update::put_channel, delete::delete_channel))
        .routes(routes!(archive::archive))
        .routes(routes!(archive::unarchive))
        .routes(routes!(leave::leave_channel))
        .routes(routes!(add_user::add_user))
        .routes(routes!(members::list_channel_members))
        .routes(routes!(update_member::update_channel_member, remove_member::remove_channel_member))
        .routes(routes!(read::mark_channel_read))
        .routes(routes!(notifications::update_channel_notifications))
}
