use entry::App;
use model::Error;
use protocol::job::CountUpvotes;
use store::{WriteOutcome, sessions::questions};

use crate::{
    instance_state::InstanceState,
    questions::{merge, publish},
};

/// Counts the up-votes of a question, and publishes the question. The later of two concurrent counts is stored.
///
/// # Errors
/// Fails if the up-votes cannot be read or the count cannot be stored.
pub async fn run(app: &App, state: &InstanceState, job: &CountUpvotes) -> Result<(), Error> {
    let as_of = app.clock.millis();
    let upvotes = questions::count_upvotes(&app.store, job.session, job.question).await?;
    let saved = questions::save_upvote_count(&app.store, job.session, job.question, upvotes, as_of).await?;
    // the condition fails if a newer count is stored, or the question was deleted
    if let WriteOutcome::Applied(question) = saved {
        if let Some(into) = question.merged_into {
            merge::carry_upvotes(app, state, &question, into).await?;
        }
        publish::publish_question(app, &question).await;
    }
    Ok(())
}
