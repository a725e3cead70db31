use std::slice;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, RequestSource, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use jiff::SignedDuration;
use model::{
    ChannelId, Error, MessageId, UserId,
    message::{MessageAuthor, content},
};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::{
    ReadConsistency,
    chat::{
        channels,
        memberships::{self, Membership, SendAttempt, SendRecord, SendRefusal},
        messages::{self, AppendOutcome, DuplicateLookup, Message},
    },
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    direct_recipient::{add_recipient, require_recipient},
    message_access::require_open_channel,
    publish,
    resolve_mentions::resolve_mentions,
};
use crate::{
    channels::publish::publish_channel_created,
    membership_update::find_membership,
    team::require_teammate,
    view::{ReplyPreviews, message_view},
};

/// A message that is sent again is published again only while it is younger than this. Until then the first attempt may
/// have failed before it published. Later, every client that missed the event has requested the message.
const REPUBLISH_WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// A new message.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct SendMessageRequest {
    /// The channel to send the message to.
    #[garde(skip)]
    channel_id: ChannelId,
    /// The text. White space around it is removed. `**`, `` ` `` and ```` ``` ```` must come in pairs.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 2_000)]
    content: String,
    /// The client's name for this message. A retry with the same name, also after a lost response, does not send a
    /// second message.
    #[garde(inner(custom(self::validate_client_msg_id)))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.:-]+$")]
    client_msg_id: Option<String>,
    /// The message of the same channel that this message replies to.
    #[garde(skip)]
    reply_to_id: Option<MessageId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde calls rules with references")]
fn validate_client_msg_id(name: &str, _: &()) -> garde::Result {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(is_part) {
        return Ok(());
    }
    Err(garde::Error::new("must be 1 to 64 letters, digits, _, ., : or -"))
}

/// Send a message
///
/// Sends a message to a channel of the caller. The message gets the next number of the channel. Members that it mentions
/// (`@username` outside code) are notified.
///
/// A retry with the same `client_msg_id` returns the existing message with status 200, even if the channel was archived
/// meanwhile. Messages younger than a minute are published again. This holds for the last 40 messages that the caller
/// sent to the channel. A retry with a different text is rejected.
///
/// A member can send 20 messages in ten seconds. Retries count too.
///
/// The first message of a direct channel makes the other user a member. A user receives first messages of 30 users behind
/// one network and of 200 users in all within an hour.
// A new message costs 2 write units if its item has at most 1 KB, which is about 650 bytes of text. Each further KB and
// each concurrent message that came first costs 1 more. It costs 2.5 read units, 1 for each mentioned name, and 1 more
// if the name is not a member's. No instance caches the last number of a channel. If several instances serve the
// channel, a number that is behind costs a write unit, and finding it half a read unit. A retry costs 1 write unit and
// the part of the log that is searched for the message.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "messages",
    operation_id = "send_message",
    request_body = SendMessageRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The message was sent.", body = MessageView),
        (status = 200, description = "The message was sent by an earlier request.", body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`. `USERNAME_REQUIRED`. `CONFLICT`: the caller blocked the other member of the \
                                      direct channel.", body = ErrorBody),
        (status = 422, description = "`content`, `client_msg_id` or `reply_to_id` is invalid.", body = ErrorBody),
        (status = 429, description = "The caller sent more than 20 messages to the channel within ten seconds, or the other member of the \
                                      direct channel got many first messages within the hour.", body = ErrorBody),
    )
)]
pub(crate) async fn send_message(
    State(app): State<App>,
    account: AccountCaller,
    source: RequestSource,
    ValidJson(input): ValidJson<SendMessageRequest>,
) -> ApiResult<(StatusCode, Json<MessageView>)> {
    let text = content::normalize(&input.content).map_err(|reason| Error::field("content", reason))?;
    let client_msg_id = input.client_msg_id.unwrap_or_else(|| app.clock.new_id::<Uuid>().to_string());
    let SendContext { membership, author, last_seq } =
        load_send_context(&app, account, input.channel_id).await?;
    let record = SendRecord::new(&client_msg_id, &text, last_seq);
    let searched_to = if membership.has_sent(&record) {
        // a retry returns the existing message regardless of the current state of the channel and of the sender
        match find_duplicate(&app, membership.clone(), record, &client_msg_id).await? {
            DuplicateLookup::Found(message) => {
                return duplicate_response(&app, &message, membership.other_user).await;
            }
            DuplicateLookup::NotFound(last) => Some(last),
        }
    } else {
        None
    };
    let author = author?;
    let other_user = membership.other_user;
    if let Some(other) = other_user {
        let recipient = require_recipient(&app, account.user, other).await?;
        // a message before this one has made the recipient a member
        if last_seq == 0 {
            add_recipient(&app, input.channel_id, account.user, &recipient, &source.network_key()).await?;
        }
    }
    let replied = match input.reply_to_id {
        Some(id) => Some(find_replied_message(&app, input.channel_id, id).await?),
        None => None,
    };
    let mentions = resolve_mentions(&app, input.channel_id, account.user, &text).await?;
    let now = app.clock.now();
    let after = match searched_to {
        Some(last) => last,
        None => match memberships::reserve_send(&app.store, membership, record, now).await? {
            SendAttempt::New(_) => record.last_seq,
            SendAttempt::Retry(_, earlier) => earlier.last_seq,
            SendAttempt::Refused(refusal) => return Err(refusal_error(refusal).into()),
        },
    };
    let message = Message {
        client_msg_id: Some(client_msg_id),
        reply_to: replied.as_ref().map(|replied| replied.seq),
        mentions,
        ..Message::new(input.channel_id, author, text, now)
    };
    match messages::append(&app.store, message, after, now).await? {
        AppendOutcome::Inserted(message) => {
            publish_first_message(&app, &message, other_user).await;
            let previews = ReplyPreviews::of(&replied);
            publish::publish_new(&app, &message, &previews).await;
            Ok((StatusCode::CREATED, Json(message_view(&message, &previews, Some(account.user)))))
        }
        AppendOutcome::Duplicate(message) => duplicate_response(&app, &message, other_user).await,
    }
}

/// Subscribes the sockets of the other member of a direct channel to its first message, and publishes the channel to
/// them.
async fn publish_first_message(app: &App, message: &Message, other_user: Option<UserId>) {
    let Some(other) = other_user.filter(|_| message.seq == 1) else { return };
    match channels::get(&app.store, message.channel, ReadConsistency::Strong, app.clock.now()).await {
        Ok(Some(channel)) => publish_channel_created(app, &channel, &[other]).await,
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(channel.id = %message.channel, %error, "a new channel was not published");
        }
    }
}

/// Responds to a retry, and publishes the existing message again while it is young.
async fn duplicate_response(
    app: &App,
    message: &Message,
    other_user: Option<UserId>,
) -> ApiResult<(StatusCode, Json<MessageView>)> {
    let previews = ReplyPreviews::load(app, slice::from_ref(message)).await?;
    if app.clock.now().duration_since(message.created_at) < REPUBLISH_WINDOW {
        publish_first_message(app, message, other_user).await;
        publish::publish_new(app, message, &previews).await;
    }
    Ok((StatusCode::OK, Json(message_view(message, &previews, Some(message.author.id)))))
}

/// Looks for the message of an earlier attempt, and counts this attempt for the rate limit.
async fn find_duplicate(
    app: &App,
    membership: Membership,
    record: SendRecord,
    client_msg_id: &str,
) -> Result<DuplicateLookup, Error> {
    let now = app.clock.now();
    let user = membership.user;
    let channel = membership.channel;
    let after = match memberships::reserve_send(&app.store, membership, record, now).await? {
        SendAttempt::Retry(_, earlier) => earlier.last_seq,
        // concurrent messages pushed the record out of the last 40
        SendAttempt::New(_) => record.last_seq,
        SendAttempt::Refused(refusal) => return Err(refusal_error(refusal)),
    };
    Ok(messages::find_duplicate(&app.store, channel, (user, client_msg_id), after, now).await?)
}

fn refusal_error(refusal: SendRefusal) -> Error {
    match refusal {
        SendRefusal::NotMember => Error::NotFound("channel"),
        SendRefusal::RateLimited { retry_after } => Error::RateLimited { retry_after },
        SendRefusal::IdReused => Error::field("client_msg_id", "is the id of another message; use a new id"),
    }
}

/// What sending a message reads first.
struct SendContext {
    membership: Membership,
    /// The sender's names, or why the sender cannot send a new message. Retries do not need it.
    author: Result<MessageAuthor, Error>,
    /// The last number of the channel.
    last_seq: u64,
}

/// # Errors
/// `NotFound` before any other error, so that a user who is not a member learns nothing about the channel.
async fn load_send_context(
    app: &App,
    account: AccountCaller,
    channel: ChannelId,
) -> Result<SendContext, Error> {
    let now = app.clock.now();
    let (membership, author, open_channel, last_seq) = futures::join!(
        find_membership(app, account.user, channel),
        require_teammate(app, account.user),
        require_open_channel(app, channel),
        messages::last_seq(&app.store, channel, ReadConsistency::Eventual, now),
    );
    let membership = membership?;
    let author = author.and_then(|author| open_channel.map(|_| author));
    Ok(SendContext { membership, author, last_seq: last_seq? })
}

/// Returns the replied message.
async fn find_replied_message(app: &App, channel: ChannelId, id: MessageId) -> Result<Message, Error> {
    let invalid = || Error::field("reply_to_id", "must be a message of this channel that is not deleted");
    if id.channel != channel {
        return Err(invalid());
    }
    let parent = messages::get(&app.store, id, app.clock.now()).await?;
    parent.filter(|parent| parent.deleted_at.is_none()).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_msg_id_is_short_and_plain() {
        for good in ["1", "0190-a:b.c_d", &"x".repeat(64)] {
            assert!(validate_client_msg_id(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(validate_client_msg_id(bad, &()).is_err(), "{bad}");
        }
    }
}
