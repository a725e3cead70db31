//! SQS batches: decode, run, report only what failed. The loop exists once, here.

use std::{collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{FutureExt, future::join_all};
use model::Error;
use protocol::{Job, job::JobEnvelope};

use crate::{App, LambdaFunction};

/// A job as the worker of its subject gets it.
#[derive(Debug)]
pub struct JobDelivery {
    envelope: JobEnvelope,
}

impl JobDelivery {
    /// The job, if it is of this sort.
    ///
    /// # Errors
    /// `Some(Err(..))` where it has the name of this sort and another shape.
    pub fn decode<J: Job>(&self) -> Option<Result<J, Error>> {
        (self.envelope.job == J::NAME)
            .then(|| serde_json::from_value(self.envelope.payload.clone()).map_err(Error::internal))
    }

    pub fn name(&self) -> &str {
        &self.envelope.job
    }

    /// No worker of this queue knows the job: it goes to the dead letters, where someone sees it.
    pub fn unknown_job_error(&self) -> Error {
        Error::internal(format!("no worker here knows the job {}", self.envelope.job))
    }
}

/// A door that runs each job of a batch. Messages of one FIFO group run in order, and the rest of a group fails with its
/// first failure; groups, and the messages of a standard queue, run side by side.
///
/// A failure that may pass goes back to the queue, and after `maxReceiveCount` to the dead letters; one that will not
/// (a thing that is gone, a state that has moved on) is logged and done with.
pub fn function<F, A>(app: App, run: F) -> LambdaFunction
where
    F: Fn(App, JobDelivery) -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), Error>> + Send + 'static,
{
    let run = Arc::new(run);
    LambdaFunction::new(move |event, _context| {
        let (app, run) = (app.clone(), run.clone());
        async move {
            let event: SqsEvent = serde_json::from_value(event)?;
            let mut groups: BTreeMap<String, Vec<SqsMessage>> = BTreeMap::new();
            for message in event.records {
                let id = message.message_id.clone().unwrap_or_default();
                let group = message.attributes.get("MessageGroupId").cloned().unwrap_or(id);
                groups.entry(group).or_default().push(message);
            }
            let failed =
                join_all(groups.into_values().map(|group| run_message_group(&app, &*run, group))).await;
            let mut answer = SqsBatchResponse::default();
            answer.batch_item_failures = failed
                .into_iter()
                .flatten()
                .map(|id| {
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = id;
                    failure
                })
                .collect();
            Ok(serde_json::to_value(answer)?)
        }
    })
}

async fn run_message_group<F, A>(app: &App, run: &F, group: Vec<SqsMessage>) -> Vec<String>
where
    F: Fn(App, JobDelivery) -> A,
    A: Future<Output = Result<(), Error>>,
{
    let mut failed = Vec::new();
    for message in group {
        let id = message.message_id.clone().unwrap_or_default();
        if !failed.is_empty() || !run_message(app, run, &message).await {
            failed.push(id);
        }
    }
    failed
}

/// Is the message done with?
async fn run_message<F, A>(app: &App, run: &F, message: &SqsMessage) -> bool
where
    F: Fn(App, JobDelivery) -> A,
    A: Future<Output = Result<(), Error>>,
{
    let id = message.message_id.as_deref().unwrap_or_default();
    let received = message.attributes.get("ApproximateReceiveCount").map_or("1", String::as_str);
    let posted: JobEnvelope = match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
        Ok(posted) => posted,
        Err(error) => {
            tracing::error!(message_id = id, %error, "a message that is no job; it will be a dead letter");
            return false;
        }
    };
    let name = posted.job.clone();
    let started = Instant::now();
    let running = AssertUnwindSafe(run(app.clone(), JobDelivery { envelope: posted })).catch_unwind();
    let (outcome, cost) = store::dynamodb::cost::measure(running).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("a job panicked")));
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(()) => {
            tracing::info!(
                message_id = id,
                job = name,
                received,
                duration_ms,
                table_requests = cost.requests,
                read_units = cost.read_units,
                write_units = cost.write_units,
                "done"
            );
            true
        }
        Err(error @ Error::Internal(_)) => {
            tracing::error!(message_id = id, job = name, received, ?error, "a job failed");
            false
        }
        Err(error) if error.is_retryable() => {
            tracing::warn!(message_id = id, job = name, received, ?error, "a job will be tried again");
            false
        }
        Err(error) => {
            tracing::warn!(message_id = id, job = name, received, %error, "a job had nothing to do any more");
            true
        }
    }
}
