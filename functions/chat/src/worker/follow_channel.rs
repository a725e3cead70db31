use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{ChannelId, Error, MessageId};
use protocol::job::ProcessMessages;
use store::{
    ReadConsistency,
    chat::{
        channels,
        message_replies::{self, MessageReply},
        messages::{self, Message, MessageChange},
        projection_checkpoint::{self, ChannelLog, ProjectionCheckpoint},
        search_terms,
    },
};

use crate::notifications::mention;

/// Messages that are followed before it is noted that they were.
const BATCH_SIZE: u64 = 100;
/// Steps of one run: 15,000 writes at worst, within the function's 15 s.
const MAX_BATCHES: usize = 5;
/// Writes under way at once.
const CONCURRENCY: usize = 16;

/// A job is put off so often; then it goes the way of every failed message, and the next one of the channel does its work.
const MAX_ATTEMPTS: u8 = 10;
/// By so much longer each try waits than the one before it, from the second on.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Does what follows from messages: whoever is mentioned is told, and finds it later; answers lie with what they answer; words
/// lead to where they stand.
///
/// Everything that was not followed yet, whichever message the job is of: numbers have no gaps, so that a job that was lost is
/// made up for by the next one, and one that comes twice or late has nothing to do. So it is with changes, of which edits are
/// followed. Every write is the same however often it is done, and how far it came is noted after it. Jobs of a channel come
/// one after another: the first of many does the work of all.
///
/// Per message 1 write unit for each of its words, some 8 of them (words of messages that are followed together share one), 1
/// where it answers another one, and 2 for everyone who is mentioned, with 3 more for who is to be written to if they do not
/// read it; a read unit for each KB of the message, and 1 write unit for noting it. A job
/// reads 3 units beside that, and the changes since the last one; 1 where it has nothing to do.
///
/// A failed message of a FIFO queue holds up its group, the channel, until it is visible again, minutes later. What failed
/// because a dependency did is therefore asked for anew, and done with.
pub(super) async fn run(app: &App, job: ProcessMessages) -> Result<(), Error> {
    tokio::time::sleep(RETRY_PAUSE * u32::from(job.tries.saturating_sub(1))).await;
    match process_backlog(app, job).await {
        Err(error @ (Error::Unavailable { .. } | Error::RateLimited { .. })) if job.tries < MAX_ATTEMPTS => {
            let channel = job.channel;
            tracing::warn!(%channel, ?error, job.tries, "what follows from messages is put off");
            let again = ProcessMessages { tries: job.tries + 1, ..job };
            app.queues.send(&again, app.clock.now()).await
        }
        outcome => outcome,
    }
}

async fn process_backlog(app: &App, job: ProcessMessages) -> Result<(), Error> {
    let (channel, now) = (job.channel, app.clock.now());
    let ProjectionCheckpoint { mut seq, mut change, .. } =
        projection_checkpoint::get(&app.store, channel, now).await?;
    if job.seq <= seq && job.change <= change {
        return Ok(());
    }
    // of one that is deleted nothing must come back
    if channels::get(&app.store, channel, ReadConsistency::Strong, now).await?.is_none() {
        return Ok(());
    }
    if process_new(app, channel, &mut seq).await? && process_edits(app, channel, &mut change).await? {
        return Ok(());
    }
    // another one than that of the next message, which may have come and gone
    let rest = ProcessMessages { channel, seq: seq + 1, version: 1, change: change + 1, tries: 1 };
    app.queues.send(&rest, now).await
}

/// Follows messages after that one, and says whether these were all.
async fn process_new(app: &App, channel: ChannelId, done: &mut u64) -> Result<bool, Error> {
    for _ in 0..MAX_BATCHES {
        let from = *done + 1;
        let Some(last) = process_batch(app, channel, from).await? else { return Ok(true) };
        projection_checkpoint::advance(&app.store, channel, ChannelLog::Messages, last).await?;
        *done = last;
        if last + 1 < from + BATCH_SIZE {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Follows what was edited after that change, as it is now, and says whether that was all.
async fn process_edits(app: &App, channel: ChannelId, done: &mut u64) -> Result<bool, Error> {
    for _ in 0..MAX_BATCHES {
        let changes = messages::list_changes(&app.store, channel, *done, BATCH_SIZE, app.clock.now()).await?;
        let Some(last) = changes.last() else { return Ok(true) };
        let edited = changes.iter().filter(|change| change.is_edit).map(MessageChange::message);
        process_edited_messages(app, edited.collect()).await?;
        projection_checkpoint::advance(&app.store, channel, ChannelLog::Changes, last.number).await?;
        *done = last.number;
        if (changes.len() as u64) < BATCH_SIZE {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where they fail together, one after another.
async fn process_edited_messages(app: &App, edited: BTreeSet<MessageId>) -> Result<(), Error> {
    let edited: Vec<MessageId> = edited.into_iter().collect();
    let together = async {
        let found = messages::get_many(&app.store, &edited, ReadConsistency::Strong, app.clock.now()).await?;
        index_messages(app, &found, true).await
    };
    let error = match together.await {
        Err(error @ Error::Internal(_)) => error,
        outcome => return outcome,
    };
    tracing::warn!(?error, "edited messages are followed one by one");
    for message in edited {
        process_message(app, message, true).await?;
    }
    Ok(())
}

/// Follows the messages of a step from there on, and answers the last of them. Where they fail together, one after another.
async fn process_batch(app: &App, channel: ChannelId, from: u64) -> Result<Option<u64>, Error> {
    let to = from + BATCH_SIZE - 1;
    let together = async {
        let new = messages::list_range(&app.store, channel, from, to, app.clock.now()).await?;
        index_messages(app, &new, false).await?;
        Ok(new.last().map(|last| last.seq))
    };
    let error = match together.await {
        Err(error @ Error::Internal(_)) => error,
        outcome => return outcome,
    };
    tracing::warn!(%channel, from, ?error, "messages are followed one by one");
    let mut last = None;
    for seq in from..=to {
        if !process_message(app, MessageId { channel, seq }, false).await? {
            break;
        }
        last = Some(seq);
    }
    Ok(last)
}

/// Follows a message, if it is there; says whether it is. One that cannot be followed is passed over: nobody of its channel would
/// be told of anything any more.
async fn process_message(app: &App, message: MessageId, is_edit: bool) -> Result<bool, Error> {
    let alone = async {
        let found = messages::get(&app.store, message, app.clock.now()).await?;
        index_messages(app, found.as_slice(), is_edit).await?;
        Ok(found.is_some())
    };
    match alone.await {
        Err(error @ Error::Internal(_)) => {
            tracing::error!(%message, ?error, "a message is passed over: what follows from it is not done");
            Ok(true)
        }
        outcome => outcome,
    }
}

/// The mentioned first: they wait.
async fn index_messages(app: &App, messages: &[Message], is_edit: bool) -> Result<(), Error> {
    let alive: Vec<&Message> = messages.iter().filter(|message| message.deleted_at.is_none()).collect();
    let mentions = alive.iter().flat_map(|message| {
        message
            .mentions
            .iter()
            .map(|mentioned| mention::notify_mention(app, message, mentioned.user, is_edit))
    });
    let mentions: Vec<_> = mentions.collect();
    stream::iter(mentions).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;

    let answers = alive.iter().filter_map(|message| {
        let to = MessageId { channel: message.channel, seq: message.reply_to.as_ref()?.seq };
        Some(message_replies::put(&app.store, MessageReply { replied_to: to, seq: message.seq }))
    });
    let answers: Vec<_> = answers.collect();
    stream::iter(answers).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;

    let Some(channel) = alive.first().map(|message| message.channel) else { return Ok(()) };
    let places = search_term_postings(&alive);
    let words = places
        .iter()
        .map(|((word, page), seqs)| search_terms::add_occurrences(&app.store, word, channel, page, seqs));
    let words: Vec<_> = words.collect();
    stream::iter(words).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
    Ok(())
}

fn search_term_postings(messages: &[&Message]) -> BTreeMap<(String, search_terms::TermBlock), Vec<u64>> {
    let mut places: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for message in messages {
        let page = search_terms::TermBlock::containing(message.seq, message.created_at);
        for word in search_terms::terms_of(&message.content) {
            places.entry((word, page.clone())).or_default().push(message.seq);
        }
    }
    places
}
