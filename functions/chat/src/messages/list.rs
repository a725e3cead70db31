use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidQuery},
};
use garde::Validate;
use jiff::Timestamp;
use model::{ChannelId, Error, MessageId};
use protocol::event::chat::MessageView;
use serde::{Deserialize, Serialize};
use store::chat::messages::{self, Message};
use utoipa::{IntoParams, ToSchema};

use crate::{
    membership_update::find_membership,
    view::{ReplyPreviews, message_view},
};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMessagesQuery {
    /// Messages on a page, 1 to 100. 50 by default.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// Returns messages before this one. The id or the number of a message of the channel.
    #[garde(skip)]
    before: Option<String>,
    /// Returns messages after this one. The id or the number of a message of the channel.
    #[garde(skip)]
    after: Option<String>,
    /// Skips this many of the newest messages. New messages shift such a page, so `before` is the better choice.
    #[garde(skip)]
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// A page of the messages of a channel, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageHistory {
    /// The messages.
    items: Vec<MessageView>,
    /// The value of `before` for the next page, or of `after` if this page was requested with `after`. `null` on the
    /// last page.
    next: Option<MessageId>,
    /// The same as `next`.
    next_cursor: Option<MessageId>,
    /// `true` if there is a next page.
    has_more: bool,
    /// The number of the last message of the channel. 0 if it has no messages.
    seq: u64,
    /// The number of the last change in the channel. `join_channel` takes `seq` and `change` in `since`.
    change: u64,
}

/// List the messages of a channel
///
/// Returns the newest messages, or messages before or after a given one. A page is sorted from the oldest to the newest
/// message. Deleted messages are returned without their content, so that the numbers have no gaps.
// Takes three requests to the table for any `limit`, one of them for the messages, and one more if the page has replies
// to messages before it. Costs 3 read units, 1 for every 4 KB of messages, and 1 for each replied message before the
// page.
#[utoipa::path(
    get,
    path = "/v1/messages/channel/{id}",
    tag = "messages",
    operation_id = "list_messages",
    params(("id" = ChannelId, Path), ListMessagesQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MessageHistory),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, description = "`limit`, `before`, `after` or `offset` is invalid.", body = ErrorBody),
    )
)]
pub(crate) async fn list_messages(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
    ValidQuery(query): ValidQuery<ListMessagesQuery>,
) -> ApiResult<Json<MessageHistory>> {
    let now = app.clock.now();
    let position = HistoryPosition::parse(&query, channel)?;
    let limit = query.limit.unwrap_or(50);
    // Checked first, because the time of a rejection must not show an outsider that the channel exists, or how full it
    // is.
    find_membership(&app, account.user, channel).await?;
    let HistoryPage { found, from, to, seq, change } = read_page(&app, channel, position, limit, now).await?;
    let next = match position {
        HistoryPosition::After(_) => (to < seq && from <= to).then_some(to),
        HistoryPosition::Before(_) | HistoryPosition::Offset(_) => (from > 1 && from <= to).then_some(from),
    };
    let next = next.map(|seq| MessageId { channel, seq });
    // the page was read strongly consistent, and most replies are near the message that they reply to
    let previews = ReplyPreviews::load_unless_known(&app, &found, &found).await?;
    let items = found.iter().map(|message| message_view(message, &previews, Some(account.user))).collect();
    Ok(Json(MessageHistory { items, next, next_cursor: next, has_more: next.is_some(), seq, change }))
}

/// A page of messages, and the last numbers of the channel's two logs.
struct HistoryPage {
    found: Vec<Message>,
    from: u64,
    to: u64,
    seq: u64,
    change: u64,
}

/// Reads a page. The last numbers are read before the messages, so that a client that continues from them gets every
/// later change. The newest page needs only one query more than that for the last change, because its last message is
/// the last one of the log.
async fn read_page(
    app: &App,
    channel: ChannelId,
    position: HistoryPosition,
    limit: u64,
    now: Timestamp,
) -> Result<HistoryPage, Error> {
    if position == HistoryPosition::Offset(0) {
        let change = messages::last_change_number(&app.store, channel).await?;
        let found = messages::list_newest(&app.store, channel, limit, now).await?;
        let seq = found.last().map_or(0, |last| last.seq);
        let (from, to) = position.range(seq, limit);
        return Ok(HistoryPage { found, from, to, seq, change });
    }
    let (seq, change) = messages::last_numbers(&app.store, channel, now).await?;
    let (from, to) = position.range(seq, limit);
    let found =
        if from > to { Vec::new() } else { messages::list_range(&app.store, channel, from, to, now).await? };
    Ok(HistoryPage { found, from, to, seq, change })
}

/// The position of a page in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HistoryPosition {
    Before(u64),
    After(u64),
    /// Counted back from the newest message.
    Offset(u64),
}

impl HistoryPosition {
    fn parse(query: &ListMessagesQuery, channel: ChannelId) -> Result<Self, Error> {
        let parse_seq = |field: &'static str, text: &str| {
            let id = text.parse().ok().filter(|id: &MessageId| id.channel == channel).map(|id| id.seq);
            let invalid = || Error::field(field, "must be the id or the number of a message of this channel");
            id.or_else(|| text.parse().ok()).ok_or_else(invalid)
        };
        match (&query.before, &query.after, query.offset) {
            (None, None, offset) => Ok(Self::Offset(offset.unwrap_or(0))),
            (Some(before), None, None) => parse_seq("before", before).map(Self::Before),
            (None, Some(after), None) => parse_seq("after", after).map(Self::After),
            (Some(_), _, _) => Err(Error::field("before", "cannot be combined with after or offset")),
            (None, Some(_), Some(_)) => Err(Error::field("after", "cannot be combined with offset")),
        }
    }

    /// Returns the first and the last number of the page in a log that ends at `end`. The first is the greater one if
    /// the page is empty.
    const fn range(self, end: u64, limit: u64) -> (u64, u64) {
        let to = match self {
            Self::After(after) => {
                let to = after.saturating_add(limit);
                return (after.saturating_add(1), if to < end { to } else { end });
            }
            Self::Before(before) if before <= end => before.saturating_sub(1),
            Self::Before(_) => end,
            Self::Offset(offset) => end.saturating_sub(offset),
        };
        (to.saturating_sub(limit) + 1, to)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_page_is_at_its_position() {
        use HistoryPosition::{After, Before, Offset};
        for (position, range) in [
            (Offset(0), (91, 100)),
            (Offset(95), (1, 5)),
            (Offset(200), (1, 0)),
            (Before(91), (81, 90)),
            (Before(4), (1, 3)),
            (Before(1), (1, 0)),
            (Before(0), (1, 0)),
            (Before(1_000), (91, 100)),
            (After(0), (1, 10)),
            (After(95), (96, 100)),
            (After(100), (101, 100)),
            (After(u64::MAX), (u64::MAX, 100)),
        ] {
            assert_eq!(position.range(100, 10), range, "{position:?}");
        }
        assert_eq!(Offset(0).range(0, 10), (1, 0), "an empty channel");
    }

    #[test]
    fn a_position_is_the_id_or_the_number_of_a_message() {
        let channel = ChannelId::from(Uuid::from_u128(7));
        let query = |before: &str| ListMessagesQuery {
            limit: None,
            before: Some(before.into()),
            after: None,
            offset: None,
        };
        let id = MessageId { channel, seq: 4 }.to_string();
        assert_eq!(HistoryPosition::parse(&query(&id), channel).unwrap(), HistoryPosition::Before(4));
        assert_eq!(HistoryPosition::parse(&query("4"), channel).unwrap(), HistoryPosition::Before(4));
        let other = MessageId { channel: Uuid::from_u128(8).into(), seq: 4 }.to_string();
        for bad in [other.as_str(), "", "-1", "x"] {
            assert!(HistoryPosition::parse(&query(bad), channel).is_err(), "{bad}");
        }
        let both = ListMessagesQuery { after: Some("1".into()), ..query("4") };
        assert!(HistoryPosition::parse(&both, channel).is_err());
    }

    proptest! {
        /// Paging in either direction returns every message once.
        #[test]
        fn pages_cover_the_history_without_overlap(end in 0..300_u64, limit in 1..=100_u64) {
            let mut seen = Vec::new();
            let mut position = HistoryPosition::Offset(0);
            loop {
                let (from, to) = position.range(end, limit);
                seen.splice(0..0, from..=to);
                if from <= 1 { break }
                position = HistoryPosition::Before(from);
            }
            prop_assert_eq!(&seen, &(1..=end).collect::<Vec<_>>());
            let mut seen = Vec::new();
            let mut last = 0;
            loop {
                let (from, to) = HistoryPosition::After(last).range(end, limit);
                seen.extend(from..=to);
                if to >= end { break }
                last = to;
            }
            prop_assert_eq!(&seen, &(1..=end).collect::<Vec<_>>());
        }
    }
}
