//! Access to messages. A user who is not a member of a channel does not learn whether the channel exists or what it
//! contains.

use entry::App;
use model::{ChannelId, Error, ErrorCode, MessageId, UserId};
use store::{
    ReadConsistency,
    chat::{
        channels::{self, Channel},
        memberships::{self, Membership},
        messages::{self, Message},
    },
};

use super::direct_recipient::require_recipient;

/// Returns a message and the caller's membership in its channel. Costs 2 read units.
///
/// # Errors
/// `NotFound` if the message does not exist or the user is not a member of its channel.
pub(super) async fn visible_message(
    app: &App,
    user: UserId,
    id: MessageId,
) -> Result<(Membership, Message), Error> {
    let now = app.clock.now();
    let (membership, message) = futures::try_join!(
        memberships::get_membership(&app.store, user, id.channel, now),
        messages::get(&app.store, id, now),
    )?;
    membership.zip(message).ok_or(Error::NotFound("message"))
}

/// Returns a message that can be changed, and the caller's membership in its channel. Costs 2.5 read units.
///
/// # Errors
/// As [`visible_message`]. `MESSAGE_DELETED` if the message is deleted. `CHANNEL_ARCHIVED` if its channel is archived. As
/// [`require_recipient`] in a direct channel, because a change is shown to the other member like a message.
pub(super) async fn changeable_message(
    app: &App,
    user: UserId,
    id: MessageId,
) -> Result<(Membership, Message), Error> {
    let (found, channel) =
        futures::join!(visible_message(app, user, id), require_open_channel(app, id.channel));
    let (membership, message) = found?;
    channel?;
    require_not_deleted(&message)?;
    if let Some(other) = membership.other_user {
        require_recipient(app, user, other).await?;
    }
    Ok((membership, message))
}

/// # Errors
/// `MESSAGE_DELETED` if the message is deleted.
pub(super) fn require_not_deleted(message: &Message) -> Result<(), Error> {
    match message.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::conflict(ErrorCode::MessageDeleted, "the message is deleted")),
    }
}

/// Returns a channel that is not archived. Costs half a read unit.
///
/// # Errors
/// `CHANNEL_ARCHIVED` if the channel is archived. `NotFound` if it does not exist.
pub(super) async fn require_open_channel(app: &App, channel: ChannelId) -> Result<Channel, Error> {
    let now = app.clock.now();
    let recent = channels::get(&app.store, channel, ReadConsistency::Eventual, now).await?;
    if let Some(channel) = recent.filter(|channel| channel.archived_at.is_none()) {
        return Ok(channel);
    }
    // the eventually consistent read may be older than the channel or than its unarchiving, so it can accept but not
    // reject
    let channel = channels::get(&app.store, channel, ReadConsistency::Strong, now).await?;
    let channel = channel.ok_or(Error::NotFound("channel"))?;
    model::channel::require_not_archived(channel.archived_at)?;
    Ok(channel)
}
