//! Jobs of a team's chat.

pub mod check_presence;
pub mod member_left;
pub mod welcome;

use entry::{App, worker::Delivery};
use model::Error;
use protocol::job::{CheckPresence, MemberLeft, Welcome};

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
    Err(delivery.unknown())
}
