//! Lambda: invokes functions by their logical id, in this process or through an Invoke API.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use entry::Clock;
use futures::FutureExt as _;
use lambda_runtime::Context;
use serde::Serialize;
use serde_json::Value;
use store::dynamodb::cost::RequestCost;
use tokio::sync::Semaphore;

use crate::{functions::FunctionHandler, ids, template::FunctionSpec};

/// The quota of concurrent executions of a new account. Further invocations wait, while AWS would throttle them.
const MAX_CONCURRENT_EXECUTIONS: usize = 1_000;

/// How an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    #[error("the function {0} does not exist")]
    Unknown(String),
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    Timeout(Duration),
    #[error("{0}")]
    Failed(String),
}

/// The usage of a function since the start.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionUsage {
    pub function: String,
    pub binary: String,
    pub memory_mb: u32,
    pub invocations: u64,
    pub errors: u64,
    /// Wall time of all invocations in milliseconds. Each invocation is rounded up, as Lambda bills it.
    pub billed_ms: u64,
    /// The capacity units that the function used. Not known if the function runs in another process.
    pub table: RequestCost,
}

/// The functions of a local cloud.
pub struct FunctionRunner {
    lambdas: BTreeMap<String, LoadedFunction>,
    concurrency: Arc<Semaphore>,
    running: AtomicUsize,
    clock: Clock,
}

struct LoadedFunction {
    function: FunctionSpec,
    code: FunctionCode,
    invocations: AtomicU64,
    errors: AtomicU64,
    billed_ms: AtomicU64,
    table: Mutex<RequestCost>,
}

/// Where the code of a function runs.
pub(crate) enum FunctionCode {
    InProcess(FunctionHandler),
    /// An Invoke API, such as that of `cargo lambda watch`.
    Remote {
        client: reqwest::Client,
        endpoint: reqwest::Url,
    },
}

impl FunctionRunner {
    pub(crate) fn new(functions: Vec<(FunctionSpec, FunctionCode)>, clock: Clock) -> Self {
        let lambda = |(function, code): (FunctionSpec, FunctionCode)| {
            let id = function.id.clone();
            let zero = AtomicU64::default;
            (
                id,
                LoadedFunction {
                    function,
                    code,
                    invocations: zero(),
                    errors: zero(),
                    billed_ms: zero(),
                    table: Mutex::default(),
                },
            )
        };
        Self {
            lambdas: functions.into_iter().map(lambda).collect(),
            concurrency: Arc::new(Semaphore::new(MAX_CONCURRENT_EXECUTIONS)),
            running: AtomicUsize::new(0),
            clock,
        }
    }

    /// Runs a function until it returns, times out or panics. The function continues if the caller drops the future, as
    /// in Lambda when a client hangs up.
    pub async fn invoke(self: &Arc<Self>, function: &str, event: Value) -> Result<Value, InvokeError> {
        if !self.lambdas.contains_key(function) {
            return Err(InvokeError::Unknown(function.to_owned()));
        }
        // counted before the task starts, so that `wait_until_idle` sees no gap between the event and the task
        let running = RunningInvocation::new(Arc::clone(self));
        let function = function.to_owned();
        let task = tokio::spawn(async move { running.runner.run(&function, event).await });
        task.await.unwrap_or_else(|error| Err(InvokeError::Failed(error.to_string())))
    }

    async fn run(&self, id: &str, event: Value) -> Result<Value, InvokeError> {
        let Some(lambda) = self.lambdas.get(id) else { return Err(InvokeError::Unknown(id.to_owned())) };
        let _slot = self.concurrency.acquire().await;
        lambda.invocations.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let timeout = lambda.function.timeout;
        let result = match tokio::time::timeout(timeout, lambda.call(event, &self.clock)).await {
            Ok(result) => result,
            Err(_) => Err(InvokeError::Timeout(timeout)),
        };
        let elapsed = u64::try_from(began.elapsed().as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        lambda.billed_ms.fetch_add(elapsed, Ordering::Relaxed);
        if let Err(error) = &result {
            lambda.errors.fetch_add(1, Ordering::Relaxed);
            tracing::error!(function = %lambda.function.binary, %error, "a function failed");
        }
        result
    }

    pub fn functions(&self) -> impl Iterator<Item = &FunctionSpec> {
        self.lambdas.values().map(|lambda| &lambda.function)
    }

    /// The number of running invocations.
    pub fn running_count(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub fn usage(&self) -> Vec<FunctionUsage> {
        self.lambdas.values().map(LoadedFunction::usage).collect()
    }
}

struct RunningInvocation {
    runner: Arc<FunctionRunner>,
}

impl RunningInvocation {
    fn new(runner: Arc<FunctionRunner>) -> Self {
        runner.running.fetch_add(1, Ordering::SeqCst);
        Self { runner }
    }
}

impl Drop for RunningInvocation {
    fn drop(&mut self) {
        self.runner.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl LoadedFunction {
    async fn call(&self, event: Value, clock: &Clock) -> Result<Value, InvokeError> {
        match &self.code {
            FunctionCode::InProcess(handler) => {
                let mut context = Context::default();
                context.request_id = ids::lambda_request_id();
                context.invoked_function_arn.clone_from(&self.function.arn);
                let deadline = clock.now() + self.function.timeout;
                context.deadline = u64::try_from(deadline.as_millisecond()).unwrap_or_default();
                let handling = AssertUnwindSafe(async { handler(event, context).await }).catch_unwind();
                let (answer, cost) = store::dynamodb::cost::measure(handling).await;
                *self.table.lock().unwrap_or_else(PoisonError::into_inner) += cost;
                match answer {
                    Ok(answer) => answer.map_err(|error| InvokeError::Failed(error.to_string())),
                    Err(panic) => {
                        Err(InvokeError::Failed(format!("panicked: {}", panic_message(panic.as_ref()))))
                    }
                }
            }
            FunctionCode::Remote { client, endpoint } => {
                let failed = |error: reqwest::Error| InvokeError::Failed(error.to_string());
                let path = format!("/2015-03-31/functions/{}/invocations", self.function.binary);
                let url = endpoint.join(&path).map_err(|error| InvokeError::Failed(error.to_string()))?;
                let answer = client.post(url).json(&event).send().await.map_err(failed)?;
                let status = answer.status();
                // AWS reports a thrown error by 200 and a header, `cargo lambda watch` by 500
                let thrown = answer.headers().contains_key("x-amz-function-error");
                let body: Value = answer.json().await.map_err(failed)?;
                if thrown || !status.is_success() {
                    let text = body["errorMessage"].as_str().map_or_else(|| body.to_string(), str::to_owned);
                    return Err(InvokeError::Failed(text));
                }
                Ok(body)
            }
        }
    }

    fn usage(&self) -> FunctionUsage {
        FunctionUsage {
            function: self.function.id.clone(),
            binary: self.function.binary.clone(),
            memory_mb: self.function.memory_mb,
            invocations: self.invocations.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            billed_ms: self.billed_ms.load(Ordering::Relaxed),
            table: *self.table.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
