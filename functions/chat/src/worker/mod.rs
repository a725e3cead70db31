//! Jobs of a team's chat.

pub mod check_presence;
mod clear_channel;
mod follow_account;
mod follow_channel;
pub mod member_left;
mod send_digest;
pub mod welcome;

use entry::{App, worker::Delivery};
use model::Error;
use protocol::job::{
    CheckPresence, ClearChannel, FollowAccount, FollowChannel, MemberLeft, SendDigest, Welcome,
};

pub async fn run(app: &App, delivery: &Delivery) -> Result<(), Error> {
    if let Some(job) = delivery.take::<Welcome>() {
        return welcome::run(app, &job?).await;
    }
    if let Some(job) = delivery.take::<MemberLeft>() {
        return member_left::run(app, &job?).await;
    }
    if let Some(job) = delivery.take::<CheckPresence>() {
        return check_presence::run(app, &job?).await;
    }
    if let Some(job) = delivery.take::<FollowAccount>() {
        return follow_account::run(app, job?).await;
    }
    if let Some(job) = delivery.take::<ClearChannel>() {
        return clear_channel::run(app, job?).await;
    }
    if let Some(job) = delivery.take::<FollowChannel>() {
        return follow_channel::run(app, job?).await;
    }
    if let Some(job) = delivery.take::<SendDigest>() {
        return send_digest::run(app, &job?).await;
    }
    Err(delivery.unknown())
}
