use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id, Valid},
};
use garde::Validate;
use model::{
    ChannelId, Code, Error, Room, UserId,
    channel::{Deed, Kind},
};
use protocol::Event;
use serde::Deserialize;
use store::{Limit, limits};
use utoipa::ToSchema;

use super::{announce, join::Entered, membership, seat, view};
use crate::team;

/// Somebody fills a channel with their team; a loop fills everyone's list.
const PER_ACCOUNT: Limit = Limit { what: "add_user_to_channel", most: 60, window: Duration::from_hours(1) };

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UserToAdd {
    #[garde(skip)]
    user_id: UserId,
}

/// Adds somebody of the team to a channel
///
/// To a private one by its owners and moderators, to a public one by any member. However often.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/add-user",
    tag = "channels",
    operation_id = "add_user_to_channel",
    params(("id" = ChannelId, Path)),
    request_body = UserToAdd,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "also where they are in it already", body = Entered),
        (status = 401, body = ErrorBody),
        (status = 403, description = "neither owner nor moderator of a private one, or not in a public one", body = ErrorBody),
        (status = 404, description = "no such channel for the caller, or nobody of the team", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`; `LIMIT_REACHED`; `CONFLICT`: it is direct", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "60 an hour", body = ErrorBody),
    )
)]
pub(crate) async fn add_user(
    State(app): State<App>,
    account: Account,
    Id(id): Id<ChannelId>,
    Valid(input): Valid<UserToAdd>,
) -> Answer<Json<Entered>> {
    let seat = seat::find(&app, id, account.user).await?;
    match seat.channel.channel_kind {
        Kind::Direct => {
            return Err(
                Error::conflict(Code::Conflict, "a direct channel is of two, and stays as it is").into()
            );
        }
        Kind::Private => seat.may(&app, Deed::AddMember).await?,
        Kind::Public if seat.place.is_some() => {}
        Kind::Public => return Err(Error::forbidden("members of the channel only").into()),
    }
    seat.channel.open()?;
    limits::count(&app.store, PER_ACCOUNT, &account.user.to_string(), app.clock.now()).await?;
    let who = team::another(&app, input.user_id).await?;
    let mut channel = seat.channel;
    membership::has_room(&app, who.id).await?;
    let is_new = membership::join(&app, id, &who).await?.is_some();
    if is_new {
        channel.member_count += 1;
        announce::joined(&app, id, &who).await?;
        announce::tell(&app, Room::User(who.id), Event::ChannelCreated(view::of(&channel))).await;
    } else {
        announce::enter(&app, id, who.id).await?;
    }
    Ok(Json(Entered::new(&channel, &who.username, is_new)))
}
