use entry::App;
use model::Error;
use protocol::job::CountUpvotes;
use store::{WriteOutcome, sessions::questions};

use crate::{
    InstanceState,
    questions::{merge, tell},
};

/// Counts who wants a question answered, and tells. Two at once are one: the later count stays.
pub async fn run(app: &App, hot: &InstanceState, job: &CountUpvotes) -> Result<(), Error> {
    let as_of = app.clock.millis();
    let upvotes = questions::count_upvotes(&app.store, job.session, job.question).await?;
    let kept = questions::save_upvote_count(&app.store, job.session, job.question, upvotes, as_of).await?;
    // refused: a newer count lies there, or the question is gone
    if let WriteOutcome::Applied(question) = kept {
        if let Some(into) = question.merged_into {
            merge::carry_upvotes(app, hot, &question, into).await?;
        }
        tell::publish_question(app, &question).await;
    }
    Ok(())
}
