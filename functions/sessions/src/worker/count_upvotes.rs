use entry::App;
use model::Error;
use protocol::job::CountUpvotes;
use store::{Written, questions};

use super::{newest, over};
use crate::questions::tell;

/// Counts who wants a question answered when the tick is over, and tells.
pub async fn run(app: &App, job: &CountUpvotes) -> Result<(), Error> {
    over(app, job.tick).await;
    let as_of = newest(app, job.tick).end();
    let upvotes = questions::count_upvotes(&app.store, job.session, job.question).await?;
    let kept = questions::keep_upvotes(&app.store, job.session, job.question, upvotes, as_of).await?;
    // refused: a newer count lies there, or the question is gone
    if let Written::Done(question) = kept {
        tell::changed(app, &question).await;
    }
    Ok(())
}
