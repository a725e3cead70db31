//! Jobs of a team's chat.

mod check_team_presence;
mod connection_closed;
mod connection_opened;
mod delete_channel_rows;
mod process_messages;
mod publish_presence;
mod send_mention_digest;
mod sync_profile;

use entry::{
    App,
    worker::{JobTable, handler},
};
use protocol::job::{
    CheckTeamPresence, ConnectionClosed, ConnectionHeartbeat, ConnectionOpened, DeleteChannelRows,
    DeliverPresence, ProcessMessages, PublishPresence, SendMentionDigest, SyncProfile,
};

use crate::presence::{self, publish, scheduler::PresenceScheduler};

/// What the handlers of `worker-chat` work with. Cheap to clone.
#[derive(Clone)]
pub struct ChatWorker {
    pub app: App,
    pub scheduler: PresenceScheduler,
}

pub fn jobs() -> JobTable<ChatWorker> {
    JobTable::new([
        handler(|worker: ChatWorker, job: ConnectionOpened| async move {
            connection_opened::run(&worker.app, &worker.scheduler, &job).await
        }),
        handler(|worker: ChatWorker, job: ConnectionClosed| async move {
            connection_closed::run(&worker.app, &job).await
        }),
        handler(|worker: ChatWorker, job: ConnectionHeartbeat| async move {
            let now = worker.app.clock.now();
            presence::record_heartbeat(&worker.app, &worker.scheduler, job.user, now).await
        }),
        handler(|worker: ChatWorker, job: CheckTeamPresence| async move {
            check_team_presence::run(&worker.app, &worker.scheduler, &job).await
        }),
        handler(|worker: ChatWorker, job: PublishPresence| async move {
            publish_presence::run(&worker.app, job).await
        }),
        handler(|worker: ChatWorker, job: DeliverPresence| async move {
            publish::deliver(&worker.app, &job).await
        }),
        handler(
            |worker: ChatWorker, job: SyncProfile| async move { sync_profile::run(&worker.app, job).await },
        ),
        handler(|worker: ChatWorker, job: DeleteChannelRows| async move {
            delete_channel_rows::run(&worker.app, job).await
        }),
        handler(|worker: ChatWorker, job: ProcessMessages| async move {
            process_messages::run(&worker.app, job).await
        }),
        handler(|worker: ChatWorker, job: SendMentionDigest| async move {
            send_mention_digest::run(&worker.app, &job).await
        }),
    ])
}
