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
    chat::{
        channels::{Channel, RemainingMembers},
        memberships::{self, RemainingOwner},
    },
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
pub(crate) async fn leave_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<Json<LeaveChannelResponse>> {
    for _ in 0..MAX_ATTEMPTS {
        let seat = seat::find_access(&app, id, account.user).await?;
        let name = seat.channel.name.as_ref().map_or_else(|| "the channel".into(), |name| format!("#{name}"));
        let Some(place) = &seat.membership else {
            // whoever was cut off before their sockets were out of the room
            announce::unsubscribe_user_sockets(&app, id, account.user).await?;
            return Ok(Json(LeaveChannelResponse { message: format!("not in {name}") }));
        };
        if seat.is_direct() {
            return Err(Error::conflict(
                ErrorCode::Conflict,
                "a direct channel is of two, and stays as it is",
            )
            .into());
        }
        let who = member_author(&app, &seat.channel, account.user).await?;
        if let WriteOutcome::Applied(()) = remove_and_publish(&app, &seat.channel, &who, place.role).await? {
            return Ok(Json(LeaveChannelResponse { message: format!("left {name}") }));
        }
    }
    Err(Error::conflict(ErrorCode::Conflict, "others came and went at the same time: try again").into())
}

/// A member by the names that the channel knows them by; the account may be gone.
pub(crate) async fn member_author(
    app: &App,
    channel: &Channel,
    user: UserId,
) -> Result<MessageAuthor, Error> {
    let now = app.clock.now();
    let member = memberships::get(&app.store, channel.id, user, store::ReadConsistency::Strong, now).await?;
    let (username, name) = member.map(|member| (member.username, member.name)).unwrap_or_default();
    Ok(MessageAuthor { id: user, username, name })
}

/// Takes a member out as they were read, and tells. `Refused`: somebody came or went meanwhile.
///
/// # Errors
/// `LAST_OWNER`.
pub(crate) async fn remove_and_publish(
    app: &App,
    channel: &Channel,
    who: &MessageAuthor,
    role: MemberRole,
) -> Result<WriteOutcome, Error> {
    let is_alone = channel.member_count <= 1;
    if is_alone && channel.channel_kind == ChannelKind::Private {
        return delete::delete_and_publish(app, channel, RemainingMembers::OnlyCaller).await;
    }
    let stays = match role {
        MemberRole::Owner if is_alone => RemainingOwner::LastMember,
        MemberRole::Owner => require_other_owner(app, channel.id, who.id).await?,
        MemberRole::Member | MemberRole::Moderator => RemainingOwner::NotRequired,
    };
    // also before: whoever breaks off after the transaction leaves no socket in the room
    announce::unsubscribe_user_sockets(app, channel.id, who.id).await?;
    let gone = memberships::leave(&app.store, channel.id, who.id, role, stays).await;
    match gone {
        Ok(WriteOutcome::Applied(())) => announce::publish_user_left(app, channel.id, who).await?,
        // they are in it still, unless somebody else took them out
        Ok(WriteOutcome::ConditionFailed) | Err(_) => {
            announce::subscribe_user_sockets(app, channel.id, who.id).await?;
        }
    }
    Ok(gone?)
}

/// That another owner stays.
///
/// # Errors
/// `LAST_OWNER`.
pub(crate) async fn require_other_owner(
    app: &App,
    channel: ChannelId,
    than: UserId,
) -> Result<RemainingOwner, Error> {
    let other = memberships::find_other_owner(&app.store, channel, than, app.clock.now()).await?;
    other.map(RemainingOwner::OtherOwner).ok_or_else(|| {
        Error::conflict(
            ErrorCode::LastOwner,
            "make somebody else an owner first: the channel would have none",
        )
    })
}
