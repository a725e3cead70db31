use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{ChannelId, channel::ChannelPermission};
use protocol::event::chat::ChannelView;
use store::chat::channels::Channel;

use super::update::change_channel;

macro_rules! archives {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $archived:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "channels",
            operation_id = $id,
            params(("id" = ChannelId, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, description = "however often it is said", body = ChannelView),
                (status = 401, body = ErrorBody),
                (status = 403, description = "no owner", body = ErrorBody),
                (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
                (status = 409, description = "`CONFLICT`: it is direct", body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            PathId(id): PathId<ChannelId>,
        ) -> ApiResult<Json<ChannelView>> {
            let changed = change_channel(&app, account.user, id, ChannelPermission::Archive, |seat, now| {
                let before = seat.channel.clone();
                let archived_at = $archived.then(|| before.archived_at.unwrap_or(now));
                Ok(Channel { archived_at, ..before })
            });
            Ok(Json(changed.await?))
        }
    )*};
}

archives! {
    /// Archives a channel: it can be read, and nothing is written into it
    ///
    /// By an owner; a public one also by an admin. It is listed no longer, and nobody joins.
    archive, "/v1/channels/{id}/archive", "archive_channel", true;
    /// Takes a channel out of the archive
    unarchive, "/v1/channels/{id}/unarchive", "unarchive_channel", false;
}
