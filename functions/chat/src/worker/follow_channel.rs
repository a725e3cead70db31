use std::collections::BTreeMap;

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, MessageId, words};
use protocol::job::FollowChannel;
use store::{
    followed,
    messages::{self, Message},
    replies::{self, Reply},
    terms,
};

use crate::notifications::mention;

/// Messages that are followed before it is noted that they were.
const STEP: u64 = 100;
/// Steps of one run: well within the function's time, whatever stands in the messages.
const MOST_STEPS: usize = 10;
/// Writes under way at once.
const CONCURRENT: usize = 16;
/// Words of a message by which it is found: what is longer is a text to be read, and each is a write.
const MOST_WORDS: usize = 30;

/// Does what follows from messages: whoever is mentioned is told, and finds it later; answers lie with what they answer; words
/// lead to where they stand.
///
/// Everything that was not followed yet, whichever message the job is of: numbers have no gaps, so that a job that was lost is
/// made up for by the next one, and one that comes twice or late has nothing to do. Beside that, the message itself where it
/// was edited. Every write is the same however often it is done, and how far it came is noted after it.
///
/// Per message 1 write unit for each of its words, some 8 of them (words of messages that are followed together share one), 1
/// where it answers another one, and 2 for everyone who is mentioned, with 3 more for who is to be written to if they do not
/// read it; a read unit for each KB of the message, and 1 write unit for noting it.
pub(super) async fn run(app: &App, job: &FollowChannel) -> Result<(), Error> {
    let (channel, now) = (job.channel, app.clock.now());
    let mut done = followed::get(&app.store, channel, now).await?;
    if job.version > 1 && job.seq <= done {
        let edited = messages::get(&app.store, MessageId { channel, seq: job.seq }, now).await?;
        follow(app, edited.as_slice(), true).await?;
    }
    for _ in 0..MOST_STEPS {
        let new = messages::between(&app.store, channel, done + 1, done + STEP, now).await?;
        let Some(last) = new.last() else { return Ok(()) };
        follow(app, &new, false).await?;
        followed::advance(&app.store, channel, last.seq).await?;
        if last.seq < done + STEP {
            return Ok(());
        }
        done = last.seq;
    }
    app.queues.send(&FollowChannel { channel, seq: done + 1, version: 1 }, now).await
}

/// The mentioned first: they wait.
async fn follow(app: &App, messages: &[Message], is_edit: bool) -> Result<(), Error> {
    let alive: Vec<&Message> = messages.iter().filter(|message| message.deleted_at.is_none()).collect();
    let mentions = alive.iter().flat_map(|message| {
        message.mentions.iter().map(|mentioned| mention::tell(app, message, mentioned.user, is_edit))
    });
    let mentions: Vec<_> = mentions.collect();
    stream::iter(mentions).buffer_unordered(CONCURRENT).try_collect::<()>().await?;

    let answers = alive.iter().filter_map(|message| {
        let to = MessageId { channel: message.channel, seq: message.reply_to.as_ref()?.seq };
        Some(replies::put(&app.store, Reply { to, seq: message.seq }))
    });
    let answers: Vec<_> = answers.collect();
    stream::iter(answers).buffer_unordered(CONCURRENT).try_collect::<()>().await?;

    let Some(channel) = alive.first().map(|message| message.channel) else { return Ok(()) };
    let places = where_words_stand(&alive);
    let words = places.iter().map(|((word, page), seqs)| terms::write(&app.store, word, channel, page, seqs));
    let words: Vec<_> = words.collect();
    stream::iter(words).buffer_unordered(CONCURRENT).try_collect::<()>().await?;
    Ok(())
}

fn where_words_stand(messages: &[&Message]) -> BTreeMap<(String, terms::Page), Vec<u64>> {
    let mut places: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for message in messages {
        let page = terms::Page::of(message.seq, message.created_at);
        for word in words::of_search(&message.content).into_iter().take(MOST_WORDS) {
            places.entry((word, page.clone())).or_default().push(message.seq);
        }
    }
    places
}
