//! Merges a question into another one, the merge target. The up-votes of the question count for the target, and the
//! participant who asked it receives the target's answer. Every step can be repeated.

use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Error, QuestionId, SessionId, question::QuestionTransition};
use store::sessions::questions::{self, Question};

use super::{publish, view};
use crate::instance_state::InstanceState;

/// Up-votes that are written concurrently.
const WRITE_CONCURRENCY: usize = 16;

/// Marks a question as a merge target, if `check` accepts it. This happens before another question is merged into it,
/// so that the answer to the target also reaches the participants of merged questions.
///
/// # Errors
/// `NotFound` if the question does not exist. The error of `check`.
pub async fn mark_merge_target(
    app: &App,
    session: SessionId,
    into: QuestionId,
    check: impl Fn(&Question) -> Result<(), Error>,
) -> Result<(), Error> {
    questions::change(&app.store, session, into, app.clock.now(), |question| {
        check(question)?;
        Ok(!std::mem::replace(&mut question.has_merged, true))
    })
    .await
    .map(drop)
}

/// Completes the merge of a question by the presenter. Questions that were merged into `question` move to the target
/// too. All up-votes are counted for the target. If the target has an answer, it is sent to the participants who asked.
///
/// # Errors
/// Fails if a question cannot be read, written or published. The caller repeats the merge then.
pub async fn complete_merge(
    app: &App,
    state: &InstanceState,
    question: &Question,
    into: QuestionId,
) -> Result<(), Error> {
    let session = question.session;
    let now = app.clock.now();
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
        publish::publish_difference(app, &before, &after).await;
        moved.push(after);
    }
    for moved in &moved {
        questions::set_upvote(&app.store, session, into, moved.participant, true).await?;
        // the job of the merged question carries its up-votes over, including concurrent ones
        state.count_scheduler.schedule_upvote_count(app, session, moved.id).await?;
    }
    state.count_scheduler.schedule_upvote_count(app, session, into).await?;
    let target = questions::get(&app.store, session, into, now).await?;
    if let Some(reply) = target.and_then(|target| target.answer) {
        for asked in &moved {
            publish::publish_response(app, asked, view::complete_response(asked, reply.clone())).await?;
        }
    }
    Ok(())
}

/// Copies the up-votes of a merged question to its target, and schedules the count of the target.
///
/// # Errors
/// Fails if the up-votes cannot be read or written.
pub async fn carry_upvotes(
    app: &App,
    state: &InstanceState,
    question: &Question,
    into: QuestionId,
) -> Result<(), Error> {
    let session = question.session;
    let now = app.clock.now();
    let voters = questions::list_upvoters(&app.store, session, question.id, now).await?;
    if voters.is_empty() {
        return Ok(());
    }
    let writes =
        voters.into_iter().map(|voter| questions::set_upvote(&app.store, session, into, voter, true));
    stream::iter(writes).buffer_unordered(WRITE_CONCURRENCY).try_collect::<()>().await?;
    match questions::get(&app.store, session, into, now).await? {
        // The job of a target that is merged itself carries the up-votes on. Two questions that were merged into each
        // other would carry them for ever.
        Some(target) if target.merged_into.is_none_or(|next| next != question.id) => {
            state.count_scheduler.schedule_upvote_count(app, session, into).await
        }
        _ => Ok(()),
    }
}
