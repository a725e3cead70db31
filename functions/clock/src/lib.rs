//! The clock sends work that has fallen due, once a minute. All work that happens later goes through it, and so does work whose
//! enqueue was lost. An item stays in the `due` index until its job removes it, so a lost job is sent again.
//!
//! | kind of item | job |
//! | --- | --- |
//! | `session` | `check_session` |
//! | `login`, once it has ended | `end_login` |
//! | `login_revocation` | `end_logins` |
//! | `participant`, once removed | `finish_removal` |
//! | `question` that waits for the assistant | `answer_question` |
//! | `slide_generation` that is not finished | `generate_slide` |
//! | `team_presence` | `check_team_presence` |
//! | `deleted_channel` | `delete_channel_rows` |
//! | `mention_digest` | `send_mention_digest` |
//! | `image` | none, the clock checks it |
//! | `orphaned_chunks` of an image | none, the clock deletes them |
//!
//! Images have no queue and no worker, because the clock handles a few of them between two ticks (`MAX_IMAGES`), and a delay does
//! no harm.
//!
//! The clock moves the due time of what it sent by `RETRY_AFTER`, so that a backlog is not sent every minute. The job then sets
//! the exact time, or removes the item. An item that cannot be read is also postponed, and logged.

use std::sync::atomic::{AtomicUsize, Ordering};

use entry::{App, Environment, FunctionDependency, LambdaFunction, StartError};
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use model::Error;
use protocol::job::{
    AnswerQuestion, CheckSession, CheckTeamPresence, DeleteChannelRows, EndLogin, EndLogins, FinishRemoval,
    GenerateSlide, Queue, SendMentionDigest,
};
use store::{
    chat::{due::ChatDueWork, presence},
    identity::due::IdentityDueWork,
    platform::due::{self, DueItem, DueWork},
    presentations::{due::PresentationsDueWork, images},
    sessions::due::SessionsDueWork,
};

/// The number of items of one tick. Further items are due at the next tick.
const MAX_ITEMS: usize = 5_000;
const PAGE_SIZE: i32 = 500;
/// Items that are handled concurrently. 5,000 of them in sequence would exceed the timeout of the function.
const CONCURRENCY: usize = 16;
/// Images and orphaned chunks of one tick, 36,000 a day. The number is small because each may read all slides of an owner.
const MAX_IMAGES: usize = 25;
/// The time after which a job that has not finished is sent again. It is longer than the job takes with its retries.
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

/// # Errors
/// Returns the last failure after all items were tried.
async fn run_tick(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let (mut from, mut seen, mut failed, mut outcome) = (None, 0, 0, Ok(()));
    let seen_to = AtomicUsize::new(0);
    while seen < MAX_ITEMS {
        let (items, next) = due::list_due(&app.store, PAGE_SIZE, from, now).await?;
        let sending: Vec<_> = items.iter().map(|item| dispatch_due_item(app, item, &seen_to, now)).collect();
        let outcomes: Vec<_> = stream::iter(sending).buffer_unordered(CONCURRENCY).collect().await;
        seen += outcomes.len();
        for error in outcomes.into_iter().filter_map(Result::err) {
            tracing::error!(?error, "what has fallen due could not be passed on");
            failed += 1;
            outcome = Err(error);
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    tracing::info!(sent = seen - failed, failed, "what has fallen due was sent");
    outcome
}

async fn dispatch_due_item(
    app: &App,
    item: &DueItem,
    seen_to: &AtomicUsize,
    now: Timestamp,
) -> Result<(), Error> {
    let may = || seen_to.fetch_add(1, Ordering::Relaxed) < MAX_IMAGES;
    let done = match item.work() {
        Ok(DueWork::Sessions(SessionsDueWork::Session(session))) => {
            app.queues.send(&CheckSession { session }, now).await
        }
        Ok(DueWork::Identity(IdentityDueWork::EndedLogin(user, login))) => {
            app.queues.send(&EndLogin { user, login }, now).await
        }
        Ok(DueWork::Identity(IdentityDueWork::LoginRevocation(user, revocation))) => {
            app.queues.send(&EndLogins { user, revocation }, now).await
        }
        Ok(DueWork::Sessions(SessionsDueWork::RemovedParticipant(session, participant))) => {
            app.queues.send(&FinishRemoval { session, participant }, now).await
        }
        Ok(DueWork::Sessions(SessionsDueWork::Question(session, question))) => {
            app.queues.send(&AnswerQuestion { session, question }, now).await
        }
        Ok(DueWork::Sessions(SessionsDueWork::SlideGeneration(session, slide))) => {
            app.queues.send(&GenerateSlide { session, slide }, now).await
        }
        Ok(DueWork::Chat(ChatDueWork::TeamPresence(user))) => {
            app.queues.send(&CheckTeamPresence { user, after_close: false }, now).await
        }
        Ok(DueWork::Chat(ChatDueWork::DeletedChannel(channel))) => {
            app.queues.send(&DeleteChannelRows { channel }, now).await
        }
        Ok(DueWork::Chat(ChatDueWork::MentionDigest(user))) => {
            app.queues.send(&SendMentionDigest { user }, now).await
        }
        // images beyond the limit are postponed, so that they do not delay later items
        Ok(DueWork::Presentations(PresentationsDueWork::Image(image))) if may() => {
            images::delete_if_unused(&app.store, image, now).await.map_err(Into::into)
        }
        Ok(DueWork::Presentations(PresentationsDueWork::OrphanedChunks(image, upload))) if may() => {
            images::delete_orphaned_chunks(&app.store, image, upload, now).await.map_err(Into::into)
        }
        Ok(DueWork::Presentations(_)) => Ok(()),
        Err(error) => Err(error.into()),
    };
    if let Err(Error::Unavailable { .. }) = done {
        // the next tick retries
        return done;
    }
    // online users are checked at this interval, because their job writes nothing while nothing changes
    let again = if matches!(item.work(), Ok(DueWork::Chat(ChatDueWork::TeamPresence(_)))) {
        presence::CHECK_INTERVAL
    } else {
        RETRY_AFTER
    };
    due::postpone(&app.store, item, now + again).await?;
    done
}
