//! EventBridge Scheduler: calls functions by wall-clock time.

use std::{sync::Arc, time::Duration};

use emulator::{ACCOUNT, REGION};
use entry::Clock;
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::{ids, runner::FunctionRunner, template::ScheduleSpec};

/// The schedules of a local cloud.
#[derive(Clone)]
pub(crate) struct ScheduleRunner {
    schedules: Arc<[ScheduleSpec]>,
    runner: Arc<FunctionRunner>,
    clock: Clock,
}

impl ScheduleRunner {
    pub(crate) fn new(schedules: Vec<ScheduleSpec>, runner: Arc<FunctionRunner>, clock: Clock) -> Self {
        Self { schedules: schedules.into(), runner, clock }
    }

    /// Runs each schedule once, now, and waits for all of them.
    pub(crate) async fn run_all(&self) {
        join_all(self.schedules.iter().map(|schedule| self.run(schedule))).await;
    }

    /// Runs each schedule at its rate in real time, until the task is aborted.
    pub(crate) async fn run_until_aborted(self) {
        join_all(self.schedules.iter().map(|schedule| self.run_at_rate(schedule, schedule.every))).await;
    }

    async fn run_at_rate(&self, schedule: &ScheduleSpec, every: Duration) {
        let mut ticks = tokio::time::interval(every);
        // a laptop that slept does not run the missed calls
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // the first tick of an interval fires immediately
        ticks.tick().await;
        loop {
            ticks.tick().await;
            self.run(schedule).await;
        }
    }

    async fn run(&self, schedule: &ScheduleSpec) {
        let event = schedule.input.clone().unwrap_or_else(|| self.schedule_event(schedule));
        // the runner logs failures, and the next run is the retry
        let _ = self.runner.invoke(&schedule.function, event).await;
    }

    fn schedule_event(&self, schedule: &ScheduleSpec) -> Value {
        let (source, resource, detail) = if schedule.is_scheduler {
            (
                "aws.scheduler",
                format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}", schedule.name),
                json!("{}"),
            )
        } else {
            ("aws.events", format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{}", schedule.name), json!({}))
        };
        json!({
            "version": "0",
            "id": ids::lambda_request_id(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": ACCOUNT,
            // whole seconds, as the scheduler writes it
            "time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": REGION,
            "resources": [resource],
            "detail": detail,
        })
    }
}
