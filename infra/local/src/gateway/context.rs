//! The state that the HTTP API, the sockets, the pollers and the page of a local cloud share.

use std::{collections::BTreeSet, sync::Arc};

use emulator::Emulator;
use entry::Clock;

use crate::{runner::FunctionRunner, schedules::ScheduleRunner, traffic_record::TrafficRecord};

/// The services behind the gateway.
pub(crate) struct GatewayContext {
    pub(crate) runner: Arc<FunctionRunner>,
    pub(crate) schedules: ScheduleRunner,
    /// Queues that a function reads. Messages in the other queues are dead letters.
    pub(crate) consumed_queues: BTreeSet<String>,
    pub(crate) emulator: Arc<Emulator>,
    pub(crate) traffic: TrafficRecord,
    pub(crate) clock: Clock,
    /// Host and port that clients use.
    pub(crate) authority: String,
    pub(crate) started: jiff::Timestamp,
}

impl GatewayContext {
    /// Runs every schedule once, then deletes the expired items of the table.
    pub(crate) async fn run_schedules(&self) {
        self.schedules.run_all().await;
        self.emulator.delete_expired_items().await;
    }
}
