//! Delivery of messages to the other member of a direct channel.

use std::time::Duration;

use entry::App;
use model::{ChannelId, Error, ErrorCode, UserId, channel::MemberRole, message::MessageAuthor};
use store::{
    RateLimit,
    chat::{
        blocks,
        memberships::{self, JoinOutcome, Membership},
    },
    platform::rate_limits,
};

use crate::{channels::add_member, team::find_teammate};

/// First messages of users behind one network to one user. The colleagues in one office greet a new one below this
/// limit. One network could otherwise fill a user's list, because it can sign up 500 accounts in an hour.
const NETWORK_RATE_LIMIT: RateLimit =
    RateLimit { name: "receive_direct_by_network", max_attempts: 30, window: Duration::from_hours(1) };
/// First messages to one user in all. It is higher, so that one network cannot use it up.
const RECIPIENT_RATE_LIMIT: RateLimit =
    RateLimit { name: "receive_direct", max_attempts: 200, window: Duration::from_hours(1) };

/// Returns the other member of a direct channel, if messages reach them. Costs 3 read units.
///
/// # Errors
/// `Forbidden` if the other member blocked the user, or if their account is gone. The two have the same text, so that
/// a blocked user does not learn of the block. `CONFLICT` if the user blocked the other member.
pub(super) async fn require_recipient(
    app: &App,
    user: UserId,
    other: UserId,
) -> Result<MessageAuthor, Error> {
    let (found, recipient) = futures::join!(
        blocks::find_between(&app.store, user, other, app.clock.now()),
        find_teammate(app, other)
    );
    let found = found?;
    if found.iter().any(|block| block.user == user) {
        let reason = "you blocked this user: unblock them first";
        return Err(Error::conflict(ErrorCode::Conflict, reason));
    }
    let refused = || Error::forbidden("this user does not receive messages");
    if !found.is_empty() {
        return Err(refused());
    }
    recipient.map_err(|error| if matches!(error, Error::NotFound(_)) { refused() } else { error })
}

/// Makes the recipient of a first message a member of the channel. Returns whether they were none. The membership is
/// hidden through message 0, so that a message which is never written shows nothing. Costs 1 read unit, and 8 write
/// units for a new member.
///
/// # Errors
/// `RateLimited` if the recipient got many first messages within the hour.
pub(super) async fn add_recipient(
    app: &App,
    channel: ChannelId,
    sender: UserId,
    recipient: &MessageAuthor,
    network: &str,
) -> Result<bool, Error> {
    let now = app.clock.now();
    if memberships::get_membership(&app.store, recipient.id, channel, now).await?.is_some() {
        return Ok(false);
    }
    let by_network = format!("{}|{network}", recipient.id);
    for (limit, counted) in
        [(NETWORK_RATE_LIMIT, by_network), (RECIPIENT_RATE_LIMIT, recipient.id.to_string())]
    {
        rate_limits::count_attempt(&app.store, limit, &counted, now).await?.require_allowed()?;
    }
    let (member, membership) = add_member::new_member_rows(channel, recipient, MemberRole::Member, 0, now);
    let membership =
        Membership { other_user: Some(sender), hidden_through: Some(0), is_received: true, ..membership };
    match memberships::join(&app.store, &member, &membership).await? {
        JoinOutcome::Joined => Ok(true),
        JoinOutcome::AlreadyMember => Ok(false),
        JoinOutcome::Rejected => Err(Error::NotFound("channel")),
    }
}
