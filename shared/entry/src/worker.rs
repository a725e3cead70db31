//! SQS batches: decode each message, run its job, report only what failed. The batch loop exists once, here.

use std::{
    collections::BTreeMap, fmt, future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Instant,
};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{FutureExt, future::join_all};
use model::Error;
use protocol::{Job, job::JobEnvelope};
use queue::with_request_id;
use serde_json::Value;
use tracing::{Instrument, Span, field::Empty};

use crate::LambdaFunction;

type JobFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A row of a [`JobTable`]: the name of a job and its handler.
pub struct JobHandler<S> {
    name: &'static str,
    run: Box<dyn Fn(S, Value) -> JobFuture + Send + Sync>,
}

/// A row of a [`JobTable`]. The type of the handler's second parameter decides which job it runs.
pub fn handler<S, J, F, A>(handle: F) -> JobHandler<S>
where
    J: Job + 'static,
    F: Fn(S, J) -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), Error>> + Send + 'static,
{
    let run = move |state: S, payload: Value| -> JobFuture {
        match serde_json::from_value::<J>(payload) {
            Ok(job) => Box::pin(handle(state, job)),
            Err(error) => Box::pin(std::future::ready(Err(Error::internal(error)))),
        }
    };
    JobHandler { name: J::NAME, run: Box::new(run) }
}

/// The jobs that a worker runs, and their handlers. A contract test compares the tables of all workers with
/// [`protocol::job::ALL`].
pub struct JobTable<S>(Vec<JobHandler<S>>);

impl<S> fmt::Debug for JobTable<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

impl<S> JobTable<S> {
    pub fn new(handlers: impl IntoIterator<Item = JobHandler<S>>) -> Self {
        Self(handlers.into_iter().collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|handler| handler.name)
    }

    /// Runs a job by its name.
    ///
    /// # Errors
    /// `Internal` for a job that this worker does not know, or whose payload has another shape. The message becomes a dead
    /// letter, where an operator sees it.
    async fn run(&self, state: S, envelope: JobEnvelope) -> Result<(), Error> {
        let handler = self.0.iter().find(|handler| handler.name == envelope.job);
        let handler = handler
            .ok_or_else(|| Error::internal(format!("this worker does not know the job {}", envelope.job)))?;
        (handler.run)(state, envelope.payload).await
    }
}

/// A Lambda function that runs each job of a batch with a clone of `state`. Messages of one FIFO group run in order, and the
/// rest of a group fails with its first failure. Groups run concurrently, and so do the messages of a standard queue.
///
/// A failure that may pass returns the message to the queue. After `maxReceiveCount` deliveries the message becomes a dead
/// letter. Any other failure (a row that does not exist any more, a state that has changed) is logged, and the message is deleted.
pub fn function<S>(state: S, jobs: JobTable<S>) -> LambdaFunction
where
    S: Clone + Send + Sync + 'static,
{
    let worker = Arc::new((state, jobs));
    LambdaFunction::new(move |event, _context| {
        let worker = worker.clone();
        async move {
            let (state, jobs) = &*worker;
            let event: SqsEvent = serde_json::from_value(event)?;
            let mut groups: BTreeMap<String, Vec<SqsMessage>> = BTreeMap::new();
            for message in event.records {
                let id = message.message_id.clone().unwrap_or_default();
                let group = message.attributes.get("MessageGroupId").cloned().unwrap_or(id);
                groups.entry(group).or_default().push(message);
            }
            let failed =
                join_all(groups.into_values().map(|group| run_message_group(state, jobs, group))).await;
            let mut response = SqsBatchResponse::default();
            response.batch_item_failures = failed
                .into_iter()
                .flatten()
                .map(|id| {
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = id;
                    failure
                })
                .collect();
            Ok(serde_json::to_value(response)?)
        }
    })
}

/// Runs the messages of a group in order, and returns the ids of those that failed.
async fn run_message_group<S: Clone>(state: &S, jobs: &JobTable<S>, group: Vec<SqsMessage>) -> Vec<String> {
    let mut failed = Vec::new();
    for message in group {
        let id = message.message_id.clone().unwrap_or_default();
        if !failed.is_empty() || !run_message(state, jobs, &message).await {
            failed.push(id);
        }
    }
    failed
}

/// Runs the job of a message, and returns whether the message may be deleted.
async fn run_message<S: Clone>(state: &S, jobs: &JobTable<S>, message: &SqsMessage) -> bool {
    let id = message.message_id.as_deref().unwrap_or_default();
    let envelope: JobEnvelope = match serde_json::from_str(message.body.as_deref().unwrap_or_default()) {
        Ok(envelope) => envelope,
        Err(error) => {
            tracing::error!(message_id = id, %error, "a message that is not a job; it becomes a dead letter");
            return false;
        }
    };
    let span = job_span(id, &envelope);
    let received = message.attributes.get("ApproximateReceiveCount").map_or("1", String::as_str);
    let started = Instant::now();
    let request_id = envelope.request_id.clone();
    let running = with_request_id(request_id, jobs.run(state.clone(), envelope));
    let running = AssertUnwindSafe(running).catch_unwind().instrument(span.clone());
    let (outcome, cost) = store::dynamodb::cost::measure(running).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("a job panicked")));
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let _entered = span.enter();
    match outcome {
        Ok(()) => {
            tracing::info!(
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
            tracing::error!(received, ?error, "a job failed");
            false
        }
        Err(error) if error.is_retryable() => {
            tracing::warn!(received, ?error, "a job will be retried");
            false
        }
        Err(error) => {
            tracing::warn!(received, %error, "a job had nothing left to do");
            true
        }
    }
}

/// The span of a job: its name, its message, the request that led to it, and the ids of its payload.
fn job_span(message_id: &str, envelope: &JobEnvelope) -> Span {
    let span = tracing::info_span!(
        "job",
        job = envelope.job,
        message_id,
        request_id = Empty,
        session = Empty,
        channel = Empty,
        connection = Empty,
        user = Empty,
        room = Empty,
    );
    if let Some(request_id) = &envelope.request_id {
        span.record("request_id", request_id);
    }
    for field in ["session", "channel", "connection", "user", "room"] {
        if let Some(id) = envelope.payload.get(field).and_then(Value::as_str) {
            span.record(field, id);
        }
    }
    span
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use protocol::job::{AccountChanged, EndLogin};

    use super::*;

    fn envelope(job: &str, payload: Value) -> JobEnvelope {
        JobEnvelope { job: job.into(), payload, at: Timestamp::UNIX_EPOCH, request_id: None }
    }

    #[tokio::test]
    async fn a_table_runs_the_job_of_the_name() {
        let jobs = JobTable::new([
            handler(|(), _: AccountChanged| async { Ok(()) }),
            handler(|(), _: EndLogin| async { Err(Error::NotFound("log-in")) }),
        ]);
        assert!(jobs.names().eq([AccountChanged::NAME, EndLogin::NAME]));
        let id = "00000000-0000-0000-0000-000000000001";
        let user = serde_json::json!({ "user": id });
        assert!(jobs.run((), envelope(AccountChanged::NAME, user.clone())).await.is_ok());
        let login = serde_json::json!({ "user": id, "login": id });
        let ended = jobs.run((), envelope(EndLogin::NAME, login)).await;
        assert!(matches!(ended, Err(Error::NotFound("log-in"))), "{ended:?}");
        for (job, payload) in [("unknown.v1", user), (AccountChanged::NAME, Value::from(5))] {
            let refused = jobs.run((), envelope(job, payload)).await;
            assert!(matches!(refused, Err(Error::Internal(_))), "{job}: {refused:?}");
        }
    }
}
