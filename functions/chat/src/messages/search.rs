use std::{collections::HashSet, time::Duration};

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidQuery},
};
use garde::Validate;
use model::{ChannelId, Error, MessageId, UserId, words};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::{
    Page, RateLimit, ReadConsistency,
    chat::{
        memberships,
        messages::{self, Message},
        search_terms::{self, SearchPosition, SearchStep},
    },
    platform::rate_limits,
};
use utoipa::IntoParams;

use crate::{place, view::message_view};

/// A search reads more than any other request: whoever types one word after the other stays far below.
const SEARCH_RATE_LIMIT: RateLimit =
    RateLimit { name: "search_messages", max_attempts: 60, window: Duration::from_mins(1) };
/// Words that are looked for; the rest must stand in what is found, too.
const MAX_WORDS: usize = 5;
/// Messages that are read at once.
const BATCH_SIZE: usize = 50;
/// Batches of one search; then it says how far it came.
const MAX_BATCHES: usize = 10;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchMessagesQuery {
    /// Words that must all stand in a message, in any order, in upper or lower case, with or without diacritics; whole words, and
    /// at least one that is not `the` or its like.
    #[garde(length(chars, min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// Only in this channel.
    #[garde(skip)]
    channel_id: Option<ChannelId>,
    /// Only of this author.
    #[garde(skip)]
    from: Option<UserId>,
    /// Items on a page, 1 to 50; 20 where nothing is said.
    #[garde(range(min = 1, max = 50))]
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// `next` of the page before, for the same search.
    #[garde(length(max = 2000))]
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// Messages of one's channels by their words
///
/// Of the newest days first (UTC), and on a page the newest message first. Judged by what stands in them now: what was edited or
/// deleted is right at once; what is new, or was edited in, is found a moment after it was sent. Whole words of two letters and
/// more, without those that say nothing, and of a message its first thirty different ones. A page may come back short, or
/// empty, with a `next`: then there is more to look through.
///
/// Costs one query for one's channels (none with `channel_id`, but a read), one for each word and 200 rows of it, 20 in all (a
/// read unit for 50 rows; a row is all messages of a day and channel with the word, up to 256), and half a read unit for each
/// message that is read, 500 at most. What keeps it possible is written once, when a message is sent: see `follow_channel`.
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
        (status = 404, description = "one is not in this channel", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, body = ErrorBody),
    )
)]
pub(crate) async fn search_messages(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(sought): ValidQuery<SearchMessagesQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    let (user, now, limit) = (account.user, app.clock.now(), sought.limit.unwrap_or(20));
    let words = words::search_words(&sought.q);
    if words.is_empty() {
        return Err(Error::field("q", "must have a word that says something").into());
    }
    rate_limits::count_attempt(&app.store, SEARCH_RATE_LIMIT, &user.to_string(), now)
        .await?
        .require_allowed()?;
    let channels = searchable_channels(&app, user, sought.channel_id).await?;
    // with its cursor nothing but this search goes on
    let identity = format!("{user}|{}|{:?}|{:?}", words.join(" "), sought.channel_id, sought.from);
    let from = sought.cursor.as_deref();
    let from = from.map(|cursor| SearchPosition::open(&app.store, &identity, cursor)).transpose()?;
    let fits = |message: &Message| {
        message.deleted_at.is_none()
            && sought.from.is_none_or(|author| message.author.id == author)
            && contains_words(&words, &message.content)
    };
    let (mut found, next) = find_matches(&app, &words, &channels, from, limit, fits).await?;
    found.sort_by_key(|message| std::cmp::Reverse((message.created_at, message.id())));
    let items = found.iter().map(|message| message_view(message, Some(user))).collect();
    let next = next.map(|position| position.seal(&app.store, &identity));
    Ok(Json(Page { items, next }))
}

/// Where somebody may look.
async fn searchable_channels(
    app: &App,
    user: UserId,
    only: Option<ChannelId>,
) -> Result<HashSet<ChannelId>, Error> {
    if let Some(channel) = only {
        place::find_membership(app, user, channel).await?;
        return Ok(HashSet::from([channel]));
    }
    let places = memberships::list_memberships(&app.store, user, app.clock.now()).await?;
    Ok(places.into_iter().map(|place| place.channel).collect())
}

/// Messages in which the words stood when they were last looked at, and that still fit; and where to go on, if there may be more.
async fn find_matches(
    app: &App,
    words: &[String],
    channels: &HashSet<ChannelId>,
    from: Option<SearchPosition>,
    limit: usize,
    fits: impl Fn(&Message) -> bool,
) -> Result<(Vec<Message>, Option<SearchPosition>), Error> {
    let now = app.clock.now();
    let (mut found, mut batches) = (Vec::new(), 0);
    let mut search = search_terms::TermSearch::new(words.iter().take(MAX_WORDS).cloned(), from);
    loop {
        let hit = match search.step(&app.store, now).await? {
            SearchStep::Hit(hit) if channels.contains(&hit.channel) => hit,
            SearchStep::Hit(_) => continue,
            SearchStep::LimitReached(position) => return Ok((found, Some(position))),
            SearchStep::End => return Ok((found, None)),
        };
        for seqs in hit.seqs.chunks(BATCH_SIZE) {
            let ids: Vec<_> = seqs.iter().map(|seq| MessageId { channel: hit.channel, seq: *seq }).collect();
            let mut read = messages::get_many(&app.store, &ids, ReadConsistency::Eventual, now).await?;
            read.sort_by_key(|message| std::cmp::Reverse(message.seq));
            for message in read.into_iter().filter(&fits) {
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
    let there: HashSet<String> = words::search_words(content).into_iter().collect();
    words.iter().all(|word| there.contains(word))
}
