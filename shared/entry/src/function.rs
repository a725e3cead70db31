//! One Lambda function as a Rust function of its event.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use futures::FutureExt;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::Value;

use crate::{Environment, StartError, telemetry};

type HandlerFuture = Pin<Box<dyn Future<Output = Result<Value, lambda_runtime::Error>> + Send>>;

/// One Lambda function. The Runtime API calls it on AWS, and the local cloud calls it in process with the same events.
/// Cheap to clone.
#[derive(Clone)]
pub struct LambdaFunction(Arc<dyn Fn(Value, Context) -> HandlerFuture + Send + Sync>);

impl LambdaFunction {
    pub(crate) fn new<F, A>(handle: F) -> Self
    where
        F: Fn(Value, Context) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Value, lambda_runtime::Error>> + Send + 'static,
    {
        Self(Arc::new(move |event, context| Box::pin(handle(event, context))))
    }

    /// Handles one event. A panic becomes an error, as on AWS.
    pub async fn call(&self, event: Value, context: Context) -> Result<Value, lambda_runtime::Error> {
        match AssertUnwindSafe((self.0)(event, context)).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => Err("the function panicked".into()),
        }
    }
}

/// Runs a binary: reads the settings, starts the logs, makes the function, and runs the loop of the Runtime API.
pub async fn run<F, A>(make: F) -> Result<(), lambda_runtime::Error>
where
    F: FnOnce(Environment) -> A,
    A: Future<Output = Result<LambdaFunction, StartError>>,
{
    let environment = Environment::from_process();
    telemetry::start(environment.get("LOG_LEVEL").unwrap_or("info"));
    let function = make(environment).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let function = function.clone();
        async move { function.call(event.payload, event.context).await }
    }))
    .await
}
