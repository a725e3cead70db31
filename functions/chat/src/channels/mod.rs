//! Channels of the team and their members.
//!
//! | shared by several operations | file |
//! | --- | --- |
//! | what the caller can see and change | [`access`] |
//! | adding a member | [`add_member`] |
//! | channels that every new teammate joins | [`default_channels`] |
//! | publishing changes | [`publish`] |
//! | retrying changes | [`retry_change`] |
//! | subscribing sockets to the rooms of channels | [`subscriptions`] |
//! | views of channels and members | [`view`] |

pub(crate) mod access;
pub(crate) mod add_member;
mod add_user;
mod archive;
mod available_users;
mod create;
pub(crate) mod default_channels;
pub(crate) mod delete;
mod fields;
mod get;
mod hide;
mod join;
pub(crate) mod leave;
mod list;
pub(crate) mod list_my_channels;
mod mark_read;
mod members;
mod notifications;
mod open_direct_channel;
pub(crate) mod publish;
mod remove_member;
mod retry_change;
pub(crate) mod subscriptions;
mod update;
mod update_member;
pub(crate) mod view;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Items on a page if the query has no `limit` (contract chat 1.3).
const DEFAULT_PAGE_SIZE: usize = 50;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_channels, create::create_channel))
        .routes(routes!(list_my_channels::list_my_channels))
        .routes(routes!(join::join_channel))
        .routes(routes!(join::join_this_channel))
        .routes(routes!(available_users::list_available_users))
        .routes(routes!(open_direct_channel::open_direct_channel))
        .routes(routes!(
            get::get_channel,
            update::update_channel,
            update::put_channel,
            delete::delete_channel
        ))
        .routes(routes!(archive::archive_channel))
        .routes(routes!(archive::unarchive_channel))
        .routes(routes!(leave::leave_channel))
        .routes(routes!(hide::hide_channel))
        .routes(routes!(hide::unhide_channel))
        .routes(routes!(add_user::add_user_to_channel))
        .routes(routes!(members::list_channel_members))
        .routes(routes!(update_member::update_channel_member, remove_member::remove_channel_member))
        .routes(routes!(mark_read::mark_channel_read))
        .routes(routes!(notifications::update_channel_notifications))
}
