//! What it takes to merge a question into another one: who wants it wants the other one, and gets its answer. All of it may
//! be done twice.

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, QuestionId, SessionId, question::QuestionTransition};
use store::sessions::questions::{self, Question};

use super::{tell, view};
use crate::InstanceState;

/// Up-votes that are written at once.
const WRITE_CONCURRENCY: usize = 16;

/// Marks a question as one that others are merged into. Before they are: whoever answers it from then on looks for them.
///
/// # Errors
/// `NotFound` where there is none, and what `may` says.
pub async fn mark_merge_target(
    app: &App,
    session: SessionId,
    into: QuestionId,
    may: impl Fn(&Question) -> Result<(), Error>,
) -> Result<(), Error> {
    questions::change(&app.store, session, into, app.clock.now(), |question| {
        may(question)?;
        Ok(!std::mem::replace(&mut question.has_merged, true))
    })
    .await
    .map(drop)
}

/// What follows when the presenter has merged a question: those that were merged into it go along, all votes are counted where
/// they went, and an answer that lies there is told to whoever asked.
pub async fn complete_merge(
    app: &App,
    hot: &InstanceState,
    question: &Question,
    into: QuestionId,
) -> Result<(), Error> {
    let (session, now) = (question.session, app.clock.now());
    let all = questions::list_strong(&app.store, session, now).await?;
    let mut moved = vec![question.clone()];
    for other in all.into_iter().filter(|other| other.merged_into == Some(question.id)) {
        let (before, after) = questions::change_with_before(&app.store, session, other.id, now, |other| {
            if other.merged_into != Some(question.id) {
                return Ok::<_, model::Error>(false);
            }
            other.status = other.status.apply(QuestionTransition::Merge)?;
            other.merged_into = Some(into);
            Ok(true)
        })
        .await?;
        tell::publish_difference(app, &before, &after).await;
        moved.push(after);
    }
    for moved in &moved {
        questions::set_upvote(&app.store, session, into, moved.participant, true).await?;
        // its job carries the other votes over, those too that are on their way
        hot.count_scheduler.schedule_upvote_count(app, session, moved.id).await?;
    }
    hot.count_scheduler.schedule_upvote_count(app, session, into).await?;
    let target = questions::get(&app.store, session, into, now).await?;
    if let Some(reply) = target.and_then(|target| target.answer) {
        for asked in &moved {
            tell::publish_response(app, asked, view::complete_response(asked, reply.clone())).await?;
        }
    }
    Ok(())
}

/// Counts those who want a merged question answered for the one it went into.
pub async fn carry_upvotes(
    app: &App,
    hot: &InstanceState,
    question: &Question,
    into: QuestionId,
) -> Result<(), Error> {
    let (session, now) = (question.session, app.clock.now());
    let all = questions::list_upvoters(&app.store, session, question.id, now).await?;
    if all.is_empty() {
        return Ok(());
    }
    let puts = all.into_iter().map(|voter| questions::set_upvote(&app.store, session, into, voter, true));
    stream::iter(puts).buffer_unordered(WRITE_CONCURRENCY).try_collect::<()>().await?;
    match questions::get(&app.store, session, into, now).await? {
        // one that has gone on itself has them carried on; two that went into each other stay where they are
        Some(target) if target.merged_into.is_none_or(|next| next != question.id) => {
            hot.count_scheduler.schedule_upvote_count(app, session, into).await
        }
        _ => Ok(()),
    }
}
