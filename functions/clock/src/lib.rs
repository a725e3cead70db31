//! The clock. Every minute it sends the jobs of everything that has fallen due. One mechanism serves all later work, and enqueues
//! that were lost. An item stays in the `due` index until its job removes it, and its job is sent again until then.
//!
//! | kind of item | job |
//! | --- | --- |
//! | `session` | `check_session` |
//! | `login` that has ended | `end_login` |
//! | `question` that waits for the assistant | `answer_question` |
//! | `slide_generation` that is not done | `generate_slide` |
//! | `team_presence` | `check_team_presence` |
//! | `deleted_channel` | `delete_channel_rows` |
//! | `mention_digest` | `send_mention_digest` |
//! | `image` | none, the clock deletes unused images itself |
//! | `orphaned_chunks` of an image | none, the clock deletes them itself |
//!
//! Images need no queue and no worker of their own. Each tick checks a few of them ([`MAX_IMAGES`]), and an image that waits a
//! little longer harms no user.
//!
//! The clock postpones an item by [`RETRY_AFTER`] after sending its job, so that it does not send a backlog again every minute. The
//! job sets a more exact time, or removes the item. The clock also postpones an item that it cannot read, and logs an error.

use std::sync::atomic::{AtomicUsize, Ordering};

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use model::Error;
use protocol::job::{
    AnswerQuestion, CheckSession, CheckTeamPresence, DeleteChannelRows, EndLogin, GenerateSlide, Queue,
    SendMentionDigest,
};
use store::{
    chat::{due::ChatDueWork, presence},
    identity::due::IdentityDueWork,
    platform::due::{self, DueItem, DueWork},
    presentations::{due::PresentationsDueWork, images},
    sessions::due::SessionsDueWork,
};

/// Items of one tick. The rest is still due a minute later.
const MAX_ITEMS: usize = 5_000;
const PAGE_SIZE: i32 = 500;
/// Items that are handled concurrently. 5,000 in sequence would take longer than the function's timeout.
const CONCURRENCY: usize = 16;
/// Images and orphaned chunks that one tick handles, 36,000 a day. Each may read all slides of an owner.
const MAX_IMAGES: usize = 25;
/// The time after which a job is sent again. Longer than a job takes with its retries.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Starts the function `cron-clock`.
pub async fn cron(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(
        &environment,
        &[
            FunctionDependency::Queue(Queue::Sessions),
            FunctionDependency::Queue(Queue::Answers),
            FunctionDependency::Queue(Queue::Chat),
        ],
    )
    .await?;
    Ok(entry::cron::function(app, |app| async move { run_tick(&app).await }))
}

/// Sends the jobs of all due items.
///
/// # Errors
/// The last failure, after every item was tried.
async fn run_tick(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let mut from = None;
    let mut seen = 0;
    let mut failed = 0;
    let mut outcome = Ok(());
    let images = AtomicUsize::new(0);
    while seen < MAX_ITEMS {
        let (items, next) = due::list_due(&app.store, PAGE_SIZE, from, now).await?;
        let sending: Vec<_> = items.iter().map(|item| dispatch_due_item(app, item, &images, now)).collect();
        let outcomes: Vec<_> = stream::iter(sending).buffer_unordered(CONCURRENCY).collect().await;
        seen += outcomes.len();
        for error in outcomes.into_iter().filter_map(Result::err) {
            tracing::error!(?error, "the job of a due item could not be sent");
            failed += 1;
            outcome = Err(error);
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    tracing::info!(sent = seen - failed, failed, "due jobs sent");
    outcome
}

/// Sends the job of a due item, or handles an image, and postpones the item. `images_of_tick` counts the images of this tick.
async fn dispatch_due_item(
    app: &App,
    item: &DueItem,
    images_of_tick: &AtomicUsize,
    now: Timestamp,
) -> Result<(), Error> {
    let fits_into_tick = || images_of_tick.fetch_add(1, Ordering::Relaxed) < MAX_IMAGES;
    let outcome = match item.work() {
        Ok(DueWork::Session(session)) => app.queues.send(&CheckSession { session }, now).await,
        Ok(DueWork::Login(user, login)) => app.queues.send(&EndLogin { user, login }, now).await,
        Ok(DueWork::Question(session, question)) => {
            app.queues.send(&AnswerQuestion { session, question }, now).await
        }
        Ok(DueWork::Sessions(SessionsDueWork::SlideGeneration(session, slide))) => {
            app.queues.send(&GenerateSlide { session, slide }, now).await
        }
        Ok(DueWork::Chat(ChatDueWork::TeamPresence(user))) => {
            app.queues.send(&CheckTeamPresence { user, after_close: false }, now).await
        }
        Ok(DueWork::DeletedChannel(channel)) => app.queues.send(&DeleteChannelRows { channel }, now).await,
        Ok(DueWork::MentionDigest(user)) => app.queues.send(&SendMentionDigest { user }, now).await,
        Ok(DueWork::Image(image)) if fits_into_tick() => {
            images::delete_if_unused(&app.store, image, now).await.map_err(Into::into)
        }
        Ok(DueWork::OrphanedChunks(image, upload)) if fits_into_tick() => {
            images::delete_orphaned_chunks(&app.store, image, upload, now).await.map_err(Into::into)
        }
        // The tick is full. The item is postponed, so that it does not block those after it.
        Ok(DueWork::Image(_) | DueWork::OrphanedChunks(..)) => Ok(()),
        Err(error) => Err(error.into()),
    };
    if let Err(Error::Unavailable { .. }) = outcome {
        // The next tick tries again.
        return outcome;
    }
    // A user who is online is checked at this interval, because the job writes nothing if nothing has changed.
    let delay = if matches!(item.work(), Ok(DueWork::TeamPresence(_))) {
        presence::CHECK_INTERVAL
    } else {
        RETRY_AFTER
    };
    due::postpone(&app.store, item, now + delay).await?;
    outcome
}
