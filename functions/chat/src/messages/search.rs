use std::{collections::HashSet, time::Duration};

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidQuery},
};
use garde::Validate;
use model::{ChannelId, Error, MessageId, UserId, channel::MAX_CHANNELS_PER_MEMBER, text, words};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::{
    Page, PageRequest, RateLimit, ReadConsistency,
    chat::{
        memberships,
        messages::{self, Message},
        search_terms::{self, SearchPosition, SearchStep},
    },
    platform::rate_limits,
};
use utoipa::IntoParams;

use crate::{membership_update::find_membership, view::load_views};

/// A search reads more than any other request. A user who searches while typing stays far below this limit.
const SEARCH_RATE_LIMIT: RateLimit =
    RateLimit { name: "search_messages", max_attempts: 60, window: Duration::from_mins(1) };
/// Words that the index is searched for. Results must contain the other words too.
const MAX_WORDS: usize = 5;
/// Channels that one search reads: all that a user can join, and as many direct channels that other users opened.
const MAX_CHANNELS: usize = 2 * MAX_CHANNELS_PER_MEMBER;
/// Messages that one request to the table reads.
const BATCH_SIZE: usize = 50;
/// Batches of one search. After these the search returns its position.
const MAX_BATCHES: usize = 10;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchMessagesQuery {
    /// Words that a message must all contain, in any order. Whole words match, regardless of case and diacritics. At
    /// least one word must not be a stop word such as `the`.
    #[garde(length(chars, min = 1, max = 200), custom(text::line))]
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// Searches only this channel.
    #[garde(skip)]
    channel_id: Option<ChannelId>,
    /// Returns only messages of this author.
    #[garde(skip)]
    from: Option<UserId>,
    /// Items on a page, 1 to 50. 20 by default.
    #[garde(range(min = 1, max = 50))]
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// `next` of the previous page of the same search.
    #[garde(length(max = 2000))]
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// Search my messages
///
/// Searches the messages of all channels of the caller. Newer days (UTC) come first, and a page is sorted by the newest
/// message. Edits and deletions take effect at once. New text is found a moment after it was sent. Words of one letter
/// and stop words are ignored, and of a message the first thirty different words are indexed. A page can be short or
/// empty while `next` is set.
// Costs one query for the caller's channels, or one read with `channel_id`. Then one query for each channel, and one for
// each further word in the channels that have the words before. So a search of 500 channels costs 250 read units if no
// channel has the longest word, and 20 channels cost 10. An index for each member was rejected, because a message in a
// channel of 1,000 members would cost 1,000 writes for each word. One partition for each word was rejected, because its
// pages depend on channels of other people. 50 rows cost a read unit. A row contains up to 256 messages of a day and
// channel with the word.
// Each message that is read costs half a read unit, 500 at most. The index is written once for each message, see
// `worker::process_messages`.
#[utoipa::path(
    get,
    path = "/v1/messages/search",
    tag = "messages",
    operation_id = "search_messages",
    params(SearchMessagesQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<MessageView>),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "The caller searched more than 60 times within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn search_messages(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<SearchMessagesQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    let user = account.user;
    let now = app.clock.now();
    let limit = query.limit.unwrap_or(20);
    let words = words::search_words(&query.q);
    if words.is_empty() {
        return Err(Error::field("q", "must contain a word of two letters that is not a stop word").into());
    }
    rate_limits::count_attempt(&app.store, SEARCH_RATE_LIMIT, &user.to_string(), now)
        .await?
        .require_allowed()?;
    let channels = searchable_channels(&app, user, query.channel_id).await?;
    // a cursor continues only the search that it belongs to
    let request = PageRequest::new(user, "search_messages", limit, query.cursor).filtered_by(&(
        &words,
        query.channel_id,
        query.from,
    ));
    let from = SearchPosition::open(&app.store, &request).await?;
    let is_match = |message: &Message| {
        message.deleted_at.is_none()
            && query.from.is_none_or(|author| message.author.id == author)
            && contains_words(&words, &message.content)
    };
    let (mut found, next) = find_matches(&app, &words, channels, from, limit, is_match).await?;
    found.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.id())));
    let items = load_views(&app, &found, Some(user)).await?;
    let next = match next {
        Some(position) => Some(position.seal(&app.store, &request).await?),
        None => None,
    };
    Ok(Json(Page { items, next }))
}

/// Returns the channels that the user may search.
async fn searchable_channels(
    app: &App,
    user: UserId,
    only: Option<ChannelId>,
) -> Result<Vec<ChannelId>, Error> {
    if let Some(channel) = only {
        find_membership(app, user, channel).await?;
        return Ok(vec![channel]);
    }
    let mut memberships = memberships::list_memberships(&app.store, user, app.clock.now()).await?;
    // Only direct channels that other users opened can exceed the limit of channels. The newest of them are searched.
    memberships.sort_by_key(|membership| (membership.is_received, std::cmp::Reverse(membership.joined_at)));
    memberships.truncate(MAX_CHANNELS);
    Ok(memberships.into_iter().map(|membership| membership.channel).collect())
}

/// Returns indexed messages that still match, and the position to continue from if there may be more.
async fn find_matches(
    app: &App,
    words: &[String],
    channels: Vec<ChannelId>,
    from: Option<SearchPosition>,
    limit: usize,
    is_match: impl Fn(&Message) -> bool,
) -> Result<(Vec<Message>, Option<SearchPosition>), Error> {
    let now = app.clock.now();
    let mut found = Vec::new();
    let mut batches = 0;
    let words = words.iter().take(MAX_WORDS).cloned();
    let mut search = search_terms::TermSearch::new(channels, words, from.as_ref());
    loop {
        let hit = match search.step(&app.store, now).await? {
            SearchStep::Hit(hit) => hit,
            SearchStep::LimitReached(position) => return Ok((found, Some(position))),
            SearchStep::End => return Ok((found, None)),
        };
        for seqs in hit.seqs.chunks(BATCH_SIZE) {
            let ids: Vec<_> = seqs.iter().map(|seq| MessageId { channel: hit.channel, seq: *seq }).collect();
            let mut read = messages::get_many(&app.store, &ids, ReadConsistency::Eventual, now).await?;
            read.sort_by_key(|message| std::cmp::Reverse(message.seq));
            for message in read.into_iter().filter(&is_match) {
                let position = hit.after(message.seq);
                found.push(message);
                if found.len() == limit {
                    return Ok((found, Some(position)));
                }
            }
            batches += 1;
            if batches == MAX_BATCHES {
                let last = seqs.last().copied().unwrap_or_default();
                return Ok((found, Some(hit.after(last))));
            }
        }
    }
}

fn contains_words(words: &[String], content: &str) -> bool {
    let contained: HashSet<String> = words::search_words(content).into_iter().collect();
    words.iter().all(|word| contained.contains(word))
}
