use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
};
use serde::Serialize;
use store::{
    WriteOutcome,
    channels::{Channel, RemainingMembers},
    members::{self, RemainingOwner},
};
use utoipa::ToSchema;

use super::{announce, delete, seat};

/// How often others may come and go at the same moment.
const MAX_ATTEMPTS: usize = 8;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeaveChannelResponse {
    /// For people.
    message: String,
}

/// Leaves a channel
///
/// An owner leaves where another one stays, or nobody at all. A private channel goes with its last member: nobody could be added to
/// it any more, and what was said there would lie under a name that nobody else can have. A public one stays, for whoever joins next.
#[utoipa::path(
    delete,
    path = "/v1/channels/{id}/leave",
    tag = "channels",
    operation_id = "leave_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "also where one is not in a public one", body = LeaveChannelResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
        (status = 409, description = "`LAST_OWNER`; `CONFLICT`: it is direct", body = ErrorBody),
    )
)]
pub(crate) async fn leave(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<LeaveChannelResponse>> {
    for _ in 0..MAX_ATTEMPTS {
        let seat = seat::find(&app, id, account.user).await?;
        let name = seat.channel.name.as_ref().map_or_else(|| "the channel".into(), |name| format!("#{name}"));
        let Some(place) = &seat.place else {
            // whoever was cut off before their sockets were out of the room
            announce::exit(&app, id, account.user).await?;
            return Ok(Json(LeaveChannelResponse { message: format!("not in {name}") }));
        };
        if seat.is_direct() {
            return Err(Error::conflict(
                ErrorCode::Conflict,
                "a direct channel is of two, and stays as it is",
            )
            .into());
        }
        let who = known(&app, &seat.channel, account.user).await?;
        if let WriteOutcome::Done(()) = go(&app, &seat.channel, &who, place.role).await? {
            return Ok(Json(LeaveChannelResponse { message: format!("left {name}") }));
        }
    }
    Err(Error::conflict(ErrorCode::Conflict, "others came and went at the same time: try again").into())
}

/// A member by the names that the channel knows them by; the account may be gone.
pub(crate) async fn known(app: &App, channel: &Channel, user: UserId) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    let member = members::get(&app.store, channel.id, user, store::ReadConsistency::Strong, now).await?;
    let (username, name) = member.map(|member| (member.username, member.name)).unwrap_or_default();
    Ok(MessageAuthor { id: user, username, name })
}

/// Takes a member out as they were read, and tells. `Refused`: somebody came or went meanwhile.
///
/// # Errors
/// `LAST_OWNER`.
pub(crate) async fn go(
    app: &App,
    channel: &Channel,
    who: &MessageAuthor,
    role: MemberRole,
) -> Result<WriteOutcome, Error> {
    let is_alone = channel.member_count <= 1;
    if is_alone && channel.channel_kind == ChannelKind::Private {
        return delete::whole(app, channel, RemainingMembers::ByOne).await;
    }
    let stays = match role {
        MemberRole::Owner if is_alone => RemainingOwner::Nobody,
        MemberRole::Owner => another(app, channel.id, who.id).await?,
        MemberRole::Member | MemberRole::Moderator => RemainingOwner::Anyone,
    };
    // also before: whoever breaks off after the transaction leaves no socket in the room
    announce::exit(app, channel.id, who.id).await?;
    let gone = members::leave(&app.store, channel.id, who.id, role, stays).await;
    match gone {
        Ok(WriteOutcome::Done(())) => announce::left(app, channel.id, who).await?,
        // they are in it still, unless somebody else took them out
        Ok(WriteOutcome::Refused) | Err(_) => announce::enter(app, channel.id, who.id).await?,
    }
    Ok(gone?)
}

/// That another owner stays.
///
/// # Errors
/// `LAST_OWNER`.
pub(crate) async fn another(app: &App, channel: ChannelId, than: UserId) -> Result<RemainingOwner, Error> {
    let other = members::another_owner(&app.store, channel, than, app.clock.now()).await?;
    other.map(RemainingOwner::Owner).ok_or_else(|| {
        Error::conflict(
            ErrorCode::LastOwner,
            "make somebody else an owner first: the channel would have none",
        )
    })
}
