use entry::App;
use model::Error;
use protocol::job::DeleteChannelRows;
use store::chat::channels;

use crate::channels::delete;

/// Clears away some of what is left of a deleted channel, and asks for the next time where that was not all. The clock asks too,
/// until it is done.
pub(super) async fn run(app: &App, job: DeleteChannelRows) -> Result<(), Error> {
    let now = app.clock.now();
    delete::unsubscribe_everyone(app, job.channel).await?;
    if channels::delete_rows(&app.store, job.channel, now).await? {
        return Ok(());
    }
    app.queues.send(&job, now).await
}
