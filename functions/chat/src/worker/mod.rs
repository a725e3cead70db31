//! Jobs of a team's chat.

use entry::{App, worker::Delivery};
use model::Error;
use protocol::job::{MemberLeft, Welcome};

pub async fn run(_app: &App, delivery: &Delivery) -> Result<(), Error> {
    if let Some(job) = delivery.take::<Welcome>() {
        return job.map(drop);
    }
    if let Some(job) = delivery.take::<MemberLeft>() {
        return job.map(drop);
    }
    Err(delivery.unknown())
}
