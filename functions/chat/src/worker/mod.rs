//! Jobs of a team's chat.

pub mod check_presence;
mod delete_channel_rows;
pub mod member_left;
mod process_messages;
mod send_mention_digest;
mod sync_profile;
pub mod welcome;

use entry::{App, worker::JobDelivery};
use model::Error;
use protocol::job::{
    CheckTeamPresence, DeleteChannelRows, OffboardConnection, OnboardConnection, ProcessMessages,
    SendMentionDigest, SyncProfile,
};

pub async fn run(app: &App, delivery: &JobDelivery) -> Result<(), Error> {
    if let Some(job) = delivery.decode::<OnboardConnection>() {
        return welcome::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<OffboardConnection>() {
        return member_left::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<CheckTeamPresence>() {
        return check_presence::run(app, &job?).await;
    }
    if let Some(job) = delivery.decode::<SyncProfile>() {
        return sync_profile::run(app, job?).await;
    }
    if let Some(job) = delivery.decode::<DeleteChannelRows>() {
        return delete_channel_rows::run(app, job?).await;
    }
    if let Some(job) = delivery.decode::<ProcessMessages>() {
        return process_messages::run(app, job?).await;
    }
    if let Some(job) = delivery.decode::<SendMentionDigest>() {
        return send_mention_digest::run(app, &job?).await;
    }
    Err(delivery.unknown_job_error())
}
