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

use crate::{place, view::message_view};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMessagesQuery {
    /// 50 where nothing is said.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// Those before this one: the id of a message of the channel, or its number.
    #[garde(skip)]
    before: Option<String>,
    /// Those after this one.
    #[garde(skip)]
    after: Option<String>,
    /// Leaves out so many of the newest, as clients of the original page; `before` does not slip when something is written.
    #[garde(skip)]
    #[param(minimum = 0)]
    offset: Option<u64>,
}

/// Messages of a channel, oldest to newest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageHistory {
    items: Vec<MessageView>,
    /// What to say for the next page, as this one was asked for: as `before`, or as `after`. `null` where there is none.
    next: Option<MessageId>,
    /// The same as `next`.
    next_cursor: Option<MessageId>,
    has_more: bool,
    /// The number of the channel's last message, 0 for none, and
    seq: u64,
    /// that of the last change in it: what `join_channel {since}` goes on from.
    change: u64,
}

/// Messages of a channel that one is in: the newest, or those before or after one, oldest to newest.
///
/// Deleted ones are there without their content: numbers have no gaps. Three requests however many are asked for, one of them
/// for the messages; 3 read units and 1 for every 4 KB of messages.
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
        (status = 404, description = "one is not in such a channel", body = ErrorBody),
        (status = 422, description = "`limit`, `before`, `after`, `offset`", body = ErrorBody),
    )
)]
pub(crate) async fn list_messages(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
    ValidQuery(which): ValidQuery<ListMessagesQuery>,
) -> ApiResult<Json<MessageHistory>> {
    let now = app.clock.now();
    let asked = HistoryPosition::parse(&which, channel)?;
    let limit = which.limit.unwrap_or(50);
    // before anything is read: how long a refusal takes must not tell an outsider whether there is a channel, and how full it is
    place::find_membership(&app, account.user, channel).await?;
    let HistoryPage { found, from, to, seq, change } = read_page(&app, channel, asked, limit, now).await?;
    let further = match asked {
        HistoryPosition::After(_) => (to < seq && from <= to).then_some(to),
        HistoryPosition::Before(_) | HistoryPosition::Offset(_) => (from > 1 && from <= to).then_some(from),
    };
    let next = further.map(|seq| MessageId { channel, seq });
    let items = found.iter().map(|message| message_view(message, Some(account.user))).collect();
    Ok(Json(MessageHistory { items, next, next_cursor: next, has_more: next.is_some(), seq, change }))
}

/// A page, and how far both logs of its channel are.
struct HistoryPage {
    found: Vec<Message>,
    from: u64,
    to: u64,
    seq: u64,
    change: u64,
}

/// How far the logs are is read before the messages: what changes from then on is told after it. The newest page is one query
/// beside that of the last change: its end is the log's.
async fn read_page(
    app: &App,
    channel: ChannelId,
    asked: HistoryPosition,
    limit: u64,
    now: Timestamp,
) -> Result<HistoryPage, Error> {
    if asked == HistoryPosition::Offset(0) {
        let change = messages::last_change_number(&app.store, channel).await?;
        let found = messages::list_newest(&app.store, channel, limit, now).await?;
        let seq = found.last().map_or(0, |last| last.seq);
        let (from, to) = asked.range(seq, limit);
        return Ok(HistoryPage { found, from, to, seq, change });
    }
    let (seq, change) = messages::last_numbers(&app.store, channel, now).await?;
    let (from, to) = asked.range(seq, limit);
    let found =
        if from > to { Vec::new() } else { messages::list_range(&app.store, channel, from, to, now).await? };
    Ok(HistoryPage { found, from, to, seq, change })
}

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HistoryPosition {
    Before(u64),
    After(u64),
    /// Back from the newest.
    Offset(u64),
}

impl HistoryPosition {
    fn parse(which: &ListMessagesQuery, channel: ChannelId) -> Result<Self, Error> {
        let number = |field: &'static str, text: &str| {
            let id = text.parse().ok().filter(|id: &MessageId| id.channel == channel).map(|id| id.seq);
            let wrong = || Error::field(field, "is no message of this channel");
            id.or_else(|| text.parse().ok()).ok_or_else(wrong)
        };
        match (&which.before, &which.after, which.offset) {
            (None, None, offset) => Ok(Self::Offset(offset.unwrap_or(0))),
            (Some(before), None, None) => number("before", before).map(Self::Before),
            (None, Some(after), None) => number("after", after).map(Self::After),
            (Some(_), _, _) => Err(Error::field("before", "does not go together with after or offset")),
            (None, Some(_), Some(_)) => Err(Error::field("after", "does not go together with offset")),
        }
    }

    /// The first and the last number of the page, of a log that ends there; the first is the greater where there is none.
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
    fn pages_lie_where_they_are_asked_for() {
        use HistoryPosition::{After, Before, Offset};
        for (asked, range) in [
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
            assert_eq!(asked.range(100, 10), range, "{asked:?}");
        }
        assert_eq!(Offset(0).range(0, 10), (1, 0), "an empty channel");
    }

    #[test]
    fn a_place_is_a_message_of_the_channel_or_its_number() {
        let channel = ChannelId::from(Uuid::from_u128(7));
        let which = |before: &str| ListMessagesQuery {
            limit: None,
            before: Some(before.into()),
            after: None,
            offset: None,
        };
        let id = MessageId { channel, seq: 4 }.to_string();
        assert_eq!(HistoryPosition::parse(&which(&id), channel).unwrap(), HistoryPosition::Before(4));
        assert_eq!(HistoryPosition::parse(&which("4"), channel).unwrap(), HistoryPosition::Before(4));
        let other = MessageId { channel: Uuid::from_u128(8).into(), seq: 4 }.to_string();
        for bad in [other.as_str(), "", "-1", "x"] {
            assert!(HistoryPosition::parse(&which(bad), channel).is_err(), "{bad}");
        }
        let both = ListMessagesQuery { after: Some("1".into()), ..which("4") };
        assert!(HistoryPosition::parse(&both, channel).is_err());
    }

    proptest! {
        /// Page by page, everything is seen once, in both directions.
        #[test]
        fn pages_join(end in 0..300_u64, limit in 1..=100_u64) {
            let (mut seen, mut asked) = (Vec::new(), HistoryPosition::Offset(0));
            loop {
                let (from, to) = asked.range(end, limit);
                seen.splice(0..0, from..=to);
                if from <= 1 { break }
                asked = HistoryPosition::Before(from);
            }
            prop_assert_eq!(&seen, &(1..=end).collect::<Vec<_>>());
            let (mut seen, mut last) = (Vec::new(), 0);
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
