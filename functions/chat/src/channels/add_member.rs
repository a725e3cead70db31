//! Adding a member to a channel.

use entry::App;
use jiff::Timestamp;
use model::{
    ChannelId, Error, ErrorCode, UserId,
    channel::{MAX_CHANNELS_PER_MEMBER, MemberRole},
    message::MessageAuthor,
};
use store::{
    ReadConsistency,
    chat::{
        channels,
        memberships::{self, ChannelMember, JoinOutcome, Membership},
        messages,
    },
    identity::users,
};

/// Returns both rows of a new member. Messages up to `read_seq` count as read.
pub(crate) fn new_member_rows(
    channel: ChannelId,
    user: &MessageAuthor,
    role: MemberRole,
    read_seq: u64,
    now: Timestamp,
) -> (ChannelMember, Membership) {
    let member = ChannelMember {
        channel,
        user: user.id,
        role,
        username: user.username.clone(),
        name: user.name.clone(),
        joined_at: now,
    };
    (member, Membership::new(channel, user.id, role, read_seq, now))
}

/// Checks that the user can join another channel. Reads all their memberships and costs 1 read unit for a dozen. Only
/// if the limit seems to be reached, it reads the other members of direct channels, because a channel with an account
/// that is gone does not count. The alternative, a stored count, would have to change with the state of other accounts.
///
/// Two concurrent joins can exceed the limit by one. That is accepted, because the limit only keeps opening the app
/// cheap.
///
/// # Errors
/// `LIMIT_REACHED` if the user is in the maximum number of channels.
pub(crate) async fn require_channel_quota(app: &App, user: UserId) -> Result<(), Error> {
    let memberships = memberships::list_memberships(&app.store, user, app.clock.now()).await?;
    let counted: Vec<&Membership> = memberships.iter().filter(|membership| !membership.is_received).collect();
    if counted.len() < MAX_CHANNELS_PER_MEMBER {
        return Ok(());
    }
    let others: Vec<UserId> = counted.iter().filter_map(|membership| membership.other_user).collect();
    let now = app.clock.now();
    let found = users::get_many(&app.store, &others, now).await?;
    let gone = found.iter().filter(|user| !user.is_active(now)).count();
    if counted.len() - gone < MAX_CHANNELS_PER_MEMBER {
        return Ok(());
    }
    Err(Error::conflict(
        ErrorCode::LimitReached,
        format!("a user can be in at most {MAX_CHANNELS_PER_MEMBER} channels: leave a channel first"),
    ))
}

/// Adds a user to a channel. Costs 6 to 7 write units. Returns `None` if the user is a member already.
///
/// # Errors
/// `NotFound` if the channel does not exist, `CHANNEL_ARCHIVED` if it is archived, `LIMIT_REACHED` if it is full.
pub(crate) async fn add_member(
    app: &App,
    channel: ChannelId,
    user: &MessageAuthor,
) -> Result<Option<Membership>, Error> {
    let now = app.clock.now();
    let read_seq = messages::last_seq(&app.store, channel, ReadConsistency::Strong, now).await?;
    let (member, membership) = new_member_rows(channel, user, MemberRole::Member, read_seq, now);
    match memberships::join(&app.store, &member, &membership).await? {
        JoinOutcome::Joined => Ok(Some(membership)),
        JoinOutcome::AlreadyMember => Ok(None),
        JoinOutcome::Rejected => {
            let channel = channels::get(&app.store, channel, ReadConsistency::Strong, now).await?;
            model::channel::require_not_archived(channel.ok_or(Error::NotFound("channel"))?.archived_at)?;
            Err(Error::conflict(ErrorCode::LimitReached, "the channel is full"))
        }
    }
}
