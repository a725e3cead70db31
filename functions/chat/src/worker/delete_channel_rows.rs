use entry::App;
use model::Error;
use protocol::job::DeleteChannelRows;
use store::chat::channels;

use crate::channels::subscriptions;

/// Deletes some of the rows of a deleted channel, and sends the job again if rows remain. The clock sends the job too,
/// until all rows are deleted.
pub(super) async fn run(app: &App, job: DeleteChannelRows) -> Result<(), Error> {
    let now = app.clock.now();
    subscriptions::unsubscribe_everyone(app, job.channel).await?;
    if channels::delete_rows(&app.store, job.channel, now).await? {
        return Ok(());
    }
    app.queues.send(&job, now).await
}
