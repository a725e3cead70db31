//! What a request about a message stands on. Whoever is not in a channel does not learn whether there is one, or what is in it.

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

/// A message, and the place in its channel of whoever asks. 2 read units.
///
/// # Errors
/// `NotFound` for whoever is not in the channel, as for a message that is not there.
pub(super) async fn visible_message(
    app: &App,
    user: UserId,
    id: MessageId,
) -> Result<(Membership, Message), Error> {
    let now = app.clock.now();
    let place = memberships::get_membership(&app.store, user, id.channel, now);
    let (place, message) = futures::try_join!(place, messages::get(&app.store, id, now))?;
    place.zip(message).ok_or(Error::NotFound("message"))
}

/// A message that can still be changed. 2.5 read units.
///
/// # Errors
/// As [`seen`]; `MESSAGE_DELETED`, `CHANNEL_ARCHIVED`.
pub(super) async fn changeable_message(
    app: &App,
    user: UserId,
    id: MessageId,
) -> Result<(Membership, Message), Error> {
    let (found, channel) =
        futures::join!(visible_message(app, user, id), require_open_channel(app, id.channel));
    let found = found?;
    channel?;
    require_not_deleted(&found.1)?;
    Ok(found)
}

/// # Errors
/// `MESSAGE_DELETED`
pub(super) fn require_not_deleted(message: &Message) -> Result<(), Error> {
    match message.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::conflict(ErrorCode::MessageDeleted, "the message is deleted")),
    }
}

/// A channel in which something may be written. Half a read unit.
///
/// # Errors
/// `CHANNEL_ARCHIVED`; `NotFound` where there is none.
pub(super) async fn require_open_channel(app: &App, channel: ChannelId) -> Result<Channel, Error> {
    let now = app.clock.now();
    let recent = channels::get(&app.store, channel, ReadConsistency::Eventual, now).await?;
    if let Some(channel) = recent.filter(|channel| channel.archived_at.is_none()) {
        return Ok(channel);
    }
    // what was read may be from before it was opened again: it may accept, never refuse
    let found = channels::get(&app.store, channel, ReadConsistency::Strong, now).await?;
    let channel = found.ok_or(Error::NotFound("channel"))?;
    model::channel::require_not_archived(channel.archived_at)?;
    Ok(channel)
}
