//! Jobs of a team's chat.

mod check_team_presence;
mod connection_closed;
mod connection_opened;
mod delete_channel_rows;
mod process_messages;
mod send_mention_digest;
mod sync_profile;

use entry::{
    App,
    worker::{JobTable, handler},
};
use protocol::job::{
    CheckTeamPresence, ConnectionClosed, ConnectionHeartbeat, ConnectionOpened, DeleteChannelRows,
    ProcessMessages, SendMentionDigest, SyncProfile,
};

use crate::presence;

pub fn jobs() -> JobTable<App> {
    JobTable::new([
        handler(|app: App, job: ConnectionOpened| async move { connection_opened::run(&app, &job).await }),
        handler(|app: App, job: ConnectionClosed| async move { connection_closed::run(&app, &job).await }),
        handler(|app: App, job: ConnectionHeartbeat| async move {
            presence::record_heartbeat(&app, job.user, app.clock.now()).await
        }),
        handler(|app: App, job: CheckTeamPresence| async move { check_team_presence::run(&app, &job).await }),
        handler(|app: App, job: SyncProfile| async move { sync_profile::run(&app, job).await }),
        handler(|app: App, job: DeleteChannelRows| async move { delete_channel_rows::run(&app, job).await }),
        handler(|app: App, job: ProcessMessages| async move { process_messages::run(&app, job).await }),
        handler(|app: App, job: SendMentionDigest| async move { send_mention_digest::run(&app, &job).await }),
    ])
}
