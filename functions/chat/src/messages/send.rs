use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use jiff::SignedDuration;
use model::{
    ChannelId, Error, MessageId,
    message::{MessageAuthor, ReplyPreview, content},
};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::{
    ReadConsistency,
    chat::{
        memberships::{self, Membership, SendAttempt, SendRecord, SendRefusal},
        messages::{self, AppendOutcome, DuplicateLookup, Message, RepliedMessage},
    },
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{announce, mentioned::resolve_mentions, seen};
use crate::{place, team::require_teammate, view::message_view};

/// Characters of what is shown of a message that is answered.
const REPLY_PREVIEW_CHARS: usize = 100;
/// What is sent again is told again only while it is as young as this: until then whoever told it first may have broken off, and
/// later everybody who was not told has asked for it.
const REPUBLISH_WINDOW: SignedDuration = SignedDuration::from_mins(1);

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct SendMessageRequest {
    #[garde(skip)]
    channel_id: ChannelId,
    /// Without space around it; `**`, `` ` `` and ```` ``` ```` come in pairs.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 2_000)]
    content: String,
    /// What the client calls it: sent again under the same name, also after a lost answer, it is the same message.
    #[garde(inner(custom(self::validate_client_msg_id)))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.:-]+$")]
    client_msg_id: Option<String>,
    /// A message of the same channel that this one answers.
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

/// Writes a message into a channel that one is in.
///
/// It gets the next number of the channel. Sent again with the same `client_msg_id`, it is answered as it is now (200), also where
/// the channel is archived since; told once more where it is younger than a minute; and no second one. So it is for the last 40
/// that a member began to send in a channel; with another text it is refused.
/// Members whom it mentions (`@username`, not in code) are notified. 20 in ten seconds, what is sent again with them; then 429.
///
/// 2 write units where the item is 1 KB at most, which is some 650 bytes of text; 1 more for each further KB and for each member
/// who is quicker at that moment. 2.5 read units, 1 for each mentioned name, 1 more where it is no member's. No request remembers
/// the last number of a channel: where several instances serve it, a number that is behind costs a write unit, looking for it
/// half a read unit. What is sent again: 1 write unit, and what is read of the log up to it.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "messages",
    operation_id = "send_message",
    request_body = SendMessageRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = MessageView),
        (status = 200, description = "it was sent before", body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 404, description = "one is not in such a channel", body = ErrorBody),
        (status = 409, description = "`CHANNEL_ARCHIVED`, `USERNAME_REQUIRED`", body = ErrorBody),
        (status = 422, description = "`content`, `client_msg_id`, `reply_to_id`", body = ErrorBody),
        (status = 429, description = "too many of one member", body = ErrorBody),
    )
)]
pub(crate) async fn send_message(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<SendMessageRequest>,
) -> ApiResult<(StatusCode, Json<MessageView>)> {
    let text = content::normalize(&input.content).map_err(|why| Error::field("content", why))?;
    let called = input.client_msg_id.unwrap_or_else(|| app.clock.new_id::<Uuid>().to_string());
    let beginning = load_send_context(&app, account, input.channel_id).await?;
    let sent = SendRecord::new(&called, &text, beginning.last_seq);
    let place = beginning.place;
    let sought = if place.has_sent(&sent) {
        // that it is there is said whatever has become of its channel, of what it answers and of its sender since
        match find_duplicate(&app, place.clone(), sent, &called).await? {
            DuplicateLookup::Found(message) => return Ok(duplicate_response(&app, &message).await),
            DuplicateLookup::NotFound(last) => Some(last),
        }
    } else {
        None
    };
    let author = beginning.may_write?;
    let reply_to = match input.reply_to_id {
        Some(id) => Some(find_replied_message(&app, input.channel_id, id).await?),
        None => None,
    };
    let mentions = resolve_mentions(&app, input.channel_id, account.user, &text).await?;
    let now = app.clock.now();
    let after = match sought {
        Some(last) => last,
        None => match memberships::reserve_send(&app.store, place, sent, now).await? {
            SendAttempt::New(_) => sent.last_seq,
            SendAttempt::Retry(_, earlier) => earlier.last_seq,
            SendAttempt::Refused(refusal) => return Err(refusal_error(refusal).into()),
        },
    };
    let message = Message {
        client_msg_id: Some(called),
        reply_to,
        mentions,
        ..Message::new(input.channel_id, author, text, now)
    };
    match messages::append(&app.store, message, after, now).await? {
        AppendOutcome::Inserted(message) => {
            announce::publish_new(&app, &message).await;
            Ok((StatusCode::CREATED, Json(message_view(&message, Some(account.user)))))
        }
        AppendOutcome::Duplicate(message) => Ok(duplicate_response(&app, &message).await),
    }
}

/// The answer of a message that was sent before.
async fn duplicate_response(app: &App, message: &Message) -> (StatusCode, Json<MessageView>) {
    if app.clock.now().duration_since(message.created_at) < REPUBLISH_WINDOW {
        announce::publish_new(app, message).await;
    }
    (StatusCode::OK, Json(message_view(message, Some(message.author.id))))
}

/// Looks for a message that its sender has begun to send before, and counts that.
async fn find_duplicate(
    app: &App,
    membership: Membership,
    sent: SendRecord,
    called: &str,
) -> Result<DuplicateLookup, Error> {
    let now = app.clock.now();
    let (user, channel) = (membership.user, membership.channel);
    let after = match memberships::reserve_send(&app.store, membership, sent, now).await? {
        SendAttempt::Retry(_, earlier) => earlier.last_seq,
        // forgotten in between
        SendAttempt::New(_) => sent.last_seq,
        SendAttempt::Refused(refusal) => return Err(refusal_error(refusal)),
    };
    Ok(messages::find_duplicate(&app.store, channel, (user, called), after, now).await?)
}

fn refusal_error(refusal: SendRefusal) -> Error {
    match refusal {
        SendRefusal::NotMember => Error::NotFound("channel"),
        SendRefusal::RateLimited { retry_after } => Error::RateLimited { retry_after },
        SendRefusal::IdReused => Error::field("client_msg_id", "is the name of another message"),
    }
}

/// What sending stands on.
struct SendContext {
    place: Membership,
    /// By their names, where something may be written there by them: only what is new asks for it.
    may_write: Result<MessageAuthor, Error>,
    /// The last number of the channel.
    last_seq: u64,
}

/// # Errors
/// `NotFound` before all else: whoever is not in a channel learns nothing of it.
async fn load_send_context(
    app: &App,
    account: AccountCaller,
    channel: ChannelId,
) -> Result<SendContext, Error> {
    let now = app.clock.now();
    let (place, author, open, head) = futures::join!(
        place::find_membership(app, account.user, channel),
        require_teammate(app, account.user),
        seen::require_open_channel(app, channel),
        messages::last_seq(&app.store, channel, ReadConsistency::Eventual, now),
    );
    let place = place?;
    let may_write = author.and_then(|author| open.map(|_| author));
    Ok(SendContext { place, may_write, last_seq: head? })
}

/// What is answered, as it is now.
async fn find_replied_message(app: &App, channel: ChannelId, id: MessageId) -> Result<RepliedMessage, Error> {
    let wrong = || Error::field("reply_to_id", "is no message of this channel");
    if id.channel != channel {
        return Err(wrong());
    }
    let parent = messages::get(&app.store, id, app.clock.now()).await?;
    let parent = parent.filter(|parent| parent.deleted_at.is_none()).ok_or_else(wrong)?;
    let preview = ReplyPreview {
        user_id: parent.author.id,
        username: parent.author.username,
        content: parent.content.chars().take(REPLY_PREVIEW_CHARS).collect(),
    };
    Ok(RepliedMessage { seq: id.seq, preview })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_called_by_a_short_plain_name() {
        for good in ["1", "0190-a:b.c_d", &"x".repeat(64)] {
            assert!(validate_client_msg_id(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(validate_client_msg_id(bad, &()).is_err(), "{bad}");
        }
    }
}
