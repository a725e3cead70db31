//! The clock: every minute, whatever has fallen due. One mechanism for all that is later, and for enqueues that were lost:
//! an item is in the `due` index until its job has taken it out, so that it is sent again as long as it is there.
//!
//! | kind of item | job |
//! | --- | --- |
//! | `session` | `check_session` |
//! | `login` (that has ended) | `end_login` |
//! | `question` (that waits for the assistant) | `answer_question` |
//! | `generation` (that is not done) | `generate_slide` |
//! | `online` (somebody of the team) | `check_presence` |
//! | `deleted_channel` | `clear_channel` |
//! | `digest` (of mentions that someone missed) | `send_digest` |
//! | `image` | none: looked after here |
//! | `loose_chunks` (of an image) | none: cleared here |
//!
//! Images need no queue and no worker of their own: a few of them a minute are seen to between two ticks ([`MAX_IMAGES`]), and one
//! that waits a little longer harms nobody.
//!
//! What was sent is put off by [`RETRY_AFTER`], so that a backlog is not sent anew every minute; the job itself says more exactly
//! when, or takes the item out. What nobody can read is put off as well, and said.

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

/// Items of one look; what is left is due a minute later too.
const MAX_ITEMS: usize = 5_000;
const PAGE_SIZE: i32 = 500;
/// Items under way at once: 5,000, one after the other, would take longer than the function has.
const CONCURRENCY: usize = 16;
/// Images and loose chunks that one tick sees to itself: each may read all slides of an owner. 36,000 a day.
const MAX_IMAGES: usize = 25;
/// A job that has not been done by now is sent again: longer than it takes, with its retries.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// `cron-clock`
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
/// The last failure, after everything was tried.
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
        // those that there is no room for are put off, out of the way of what comes after them
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
        // the next minute tries again
        return done;
    }
    // somebody who is there is looked after at this pace: their job writes nothing where nothing has changed
    let again = if matches!(item.work(), Ok(DueWork::Chat(ChatDueWork::TeamPresence(_)))) {
        presence::CHECK_INTERVAL
    } else {
        RETRY_AFTER
    };
    due::postpone(&app.store, item, now + again).await?;
    done
}
