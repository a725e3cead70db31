//! Somebody becomes a member of a channel.

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
};

/// Both rows of a new member, who has read what was there before.
pub(crate) fn new_member_rows(
    channel: ChannelId,
    who: &MessageAuthor,
    role: MemberRole,
    read_seq: u64,
    now: Timestamp,
) -> (ChannelMember, Membership) {
    let member = ChannelMember {
        channel,
        user: who.id,
        role,
        username: who.username.clone(),
        name: who.name.clone(),
        joined_at: now,
    };
    (member, Membership::new(channel, who.id, role, read_seq, now))
}

/// May somebody be in one more channel? Reads all their places: 1 read unit for a dozen. Two who ask at once may both be told so:
/// the limit keeps opening the app cheap, and one more does no harm.
///
/// # Errors
/// `LIMIT_REACHED`.
pub(crate) async fn require_channel_quota(app: &App, user: UserId) -> Result<(), Error> {
    let theirs = memberships::list_memberships(&app.store, user, app.clock.now()).await?;
    if theirs.len() < MAX_CHANNELS_PER_MEMBER {
        return Ok(());
    }
    Err(Error::conflict(
        ErrorCode::LimitReached,
        format!("nobody is in more than {MAX_CHANNELS_PER_MEMBER} channels"),
    ))
}

/// Takes somebody into a channel: 6 to 7 write units. `None` where they are in it already.
///
/// # Errors
/// `NotFound`, `CHANNEL_ARCHIVED`, and `LIMIT_REACHED` where it is full.
pub(crate) async fn add_member(
    app: &App,
    channel: ChannelId,
    who: &MessageAuthor,
) -> Result<Option<Membership>, Error> {
    let now = app.clock.now();
    let read_seq = messages::last_seq(&app.store, channel, ReadConsistency::Strong, now).await?;
    let (member, place) = new_member_rows(channel, who, MemberRole::Member, read_seq, now);
    match memberships::join(&app.store, &member, &place).await? {
        JoinOutcome::Joined => Ok(Some(place)),
        JoinOutcome::AlreadyMember => Ok(None),
        JoinOutcome::Rejected => {
            let channel = channels::get(&app.store, channel, ReadConsistency::Strong, now).await?;
            model::channel::require_not_archived(channel.ok_or(Error::NotFound("channel"))?.archived_at)?;
            Err(Error::conflict(ErrorCode::LimitReached, "this channel is full"))
        }
    }
}
