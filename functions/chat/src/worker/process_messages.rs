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

/// Messages that are processed before the checkpoint is advanced.
const BATCH_SIZE: u64 = 100;
/// Batches of one run. They take 15,000 writes at worst, which fit into the function's 15 s.
const MAX_BATCHES: usize = 5;
/// Writes that run concurrently.
const CONCURRENCY: usize = 16;

/// A job is sent again this often. After that the delivery fails, and the next job of the channel processes the messages.
const MAX_ATTEMPTS: u8 = 10;
/// From the second retry on, each retry pauses this much longer than the one before.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Processes new and edited messages: notifies the mentioned members, and updates the replies index and the search index.
///
/// A run processes everything after the checkpoint, regardless of the message that the job names. Numbers have no gaps,
/// so the next job makes up for a lost one, and a repeated or late job finds nothing to do. The same holds for changes,
/// of which only edits are processed. All writes are idempotent, and the checkpoint is advanced after them. Jobs of a
/// channel run one after another, so the first of many processes the messages of all.
///
/// A message costs 1 write unit for each of its words, about 8. Messages of one batch share the write of a word. A
/// reply costs 1 more. Each mentioned member costs 2, and 3 more if a digest is scheduled. Reading a message costs 1
/// read unit for each KB, and the checkpoint 1 write unit. A job costs 3 read units and those of the changes since the
/// last job, or 1 if there is nothing to do.
///
/// A failed delivery of a FIFO queue blocks its group, here the channel, until it is visible again minutes later. So a
/// job that failed because of a dependency is sent again, and its delivery succeeds.
pub(super) async fn run(app: &App, job: ProcessMessages) -> Result<(), Error> {
    tokio::time::sleep(RETRY_PAUSE * u32::from(job.tries.saturating_sub(1))).await;
    match process_backlog(app, job).await {
        Err(error @ (Error::Unavailable { .. } | Error::RateLimited { .. })) if job.tries < MAX_ATTEMPTS => {
            let channel = job.channel;
            tracing::warn!(%channel, ?error, job.tries, "processing messages is retried");
            let retry = ProcessMessages { tries: job.tries + 1, ..job };
            app.queues.send(&retry, app.clock.now()).await
        }
        outcome => outcome,
    }
}

async fn process_backlog(app: &App, job: ProcessMessages) -> Result<(), Error> {
    let channel = job.channel;
    let now = app.clock.now();
    let ProjectionCheckpoint { mut seq, mut change, .. } =
        projection_checkpoint::get(&app.store, channel, now).await?;
    if job.seq <= seq && job.change <= change {
        return Ok(());
    }
    // nothing may be written again for a deleted channel
    if channels::get(&app.store, channel, ReadConsistency::Strong, now).await?.is_none() {
        return Ok(());
    }
    if process_new(app, channel, &mut seq).await? && process_edits(app, channel, &mut change).await? {
        return Ok(());
    }
    // differs from the job of the next message, which the queue may have dropped as a duplicate already
    let rest = ProcessMessages { channel, seq: seq + 1, version: 1, change: change + 1, tries: 1 };
    app.queues.send(&rest, now).await
}

/// Processes messages after `done` and advances it. Returns whether these were all.
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

/// Processes the current text of messages edited after the change `done`, and advances it. Returns whether these were
/// all.
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

/// Processes edited messages in one batch. If the batch fails because of an item, processes them one by one.
async fn process_edited_messages(app: &App, edited: BTreeSet<MessageId>) -> Result<(), Error> {
    let edited: Vec<MessageId> = edited.into_iter().collect();
    let batch = async {
        let found = messages::get_many(&app.store, &edited, ReadConsistency::Strong, app.clock.now()).await?;
        index_messages(app, &found, true).await
    };
    let error = match batch.await {
        Err(error @ Error::Internal(_)) => error,
        outcome => return outcome,
    };
    tracing::warn!(?error, "edited messages are processed one by one");
    for message in edited {
        process_message(app, message, true).await?;
    }
    Ok(())
}

/// Processes a batch of messages that begins with the number `from`, and returns the number of the last one. If the
/// batch fails because of an item, processes them one by one.
async fn process_batch(app: &App, channel: ChannelId, from: u64) -> Result<Option<u64>, Error> {
    let to = from + BATCH_SIZE - 1;
    let batch = async {
        let new = messages::list_range(&app.store, channel, from, to, app.clock.now()).await?;
        index_messages(app, &new, false).await?;
        Ok(new.last().map(|last| last.seq))
    };
    let error = match batch.await {
        Err(error @ Error::Internal(_)) => error,
        outcome => return outcome,
    };
    tracing::warn!(%channel, from, ?error, "messages are processed one by one");
    let mut last = None;
    for seq in from..=to {
        if !process_message(app, MessageId { channel, seq }, false).await? {
            break;
        }
        last = Some(seq);
    }
    Ok(last)
}

/// Processes a message, and returns whether it exists. A message that cannot be processed is skipped, because it would
/// block the notifications of its channel.
async fn process_message(app: &App, message: MessageId, is_edit: bool) -> Result<bool, Error> {
    let processing = async {
        let found = messages::get(&app.store, message, app.clock.now()).await?;
        index_messages(app, found.as_slice(), is_edit).await?;
        Ok(found.is_some())
    };
    match processing.await {
        Err(error @ Error::Internal(_)) => {
            tracing::error!(%message, ?error, "a message was skipped because it cannot be processed");
            Ok(true)
        }
        outcome => outcome,
    }
}

/// Notifies mentioned members first, because they wait for it. Then updates the replies index and the search index.
async fn index_messages(app: &App, messages: &[Message], is_edit: bool) -> Result<(), Error> {
    let messages: Vec<&Message> = messages.iter().filter(|message| message.deleted_at.is_none()).collect();
    let mentions = messages.iter().flat_map(|message| {
        message
            .mentions
            .iter()
            .map(|mentioned| mention::notify_mention(app, message, mentioned.user, is_edit))
    });
    let mentions: Vec<_> = mentions.collect();
    stream::iter(mentions).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;

    let replies = messages.iter().filter_map(|message| {
        let replied_to = message.replied_id()?;
        Some(message_replies::put(&app.store, MessageReply { replied_to, seq: message.seq }))
    });
    let replies: Vec<_> = replies.collect();
    stream::iter(replies).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;

    let Some(channel) = messages.first().map(|message| message.channel) else { return Ok(()) };
    let postings = search_term_postings(&messages);
    let writes = postings
        .iter()
        .map(|((term, block), seqs)| search_terms::add_occurrences(&app.store, term, channel, block, seqs));
    let writes: Vec<_> = writes.collect();
    stream::iter(writes).buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
    Ok(())
}

/// Groups the numbers of messages by the terms that they contain and by the block of the index.
fn search_term_postings(messages: &[&Message]) -> BTreeMap<(String, search_terms::TermBlock), Vec<u64>> {
    let mut postings: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for message in messages {
        let block = search_terms::TermBlock::containing(message.seq, message.created_at);
        for term in search_terms::terms_of(&message.content) {
            postings.entry((term, block)).or_default().push(message.seq);
        }
    }
    postings
}
