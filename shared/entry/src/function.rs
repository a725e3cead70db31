//! A door: one Lambda as a function of its event.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use futures::FutureExt;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::Value;

use crate::{Environment, StartError, telemetry};

type HandlerFuture = Pin<Box<dyn Future<Output = Result<Value, lambda_runtime::Error>> + Send>>;

/// One Lambda as a function: the Runtime API calls it in the cloud, the local cloud calls it in process, with the very
/// same events. Cheap to clone.
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

    /// Handles one event. A panic inside becomes an error, as it does in a Lambda.
    pub async fn call(&self, event: Value, context: Context) -> Result<Value, lambda_runtime::Error> {
        match AssertUnwindSafe((self.0)(event, context)).catch_unwind().await {
            Ok(answer) => answer,
            Err(_) => Err("the function panicked".into()),
        }
    }
}

/// The whole of a binary: settings, logs, the door, the Runtime API's loop.
pub async fn run<F, A>(door: F) -> Result<(), lambda_runtime::Error>
where
    F: FnOnce(Environment) -> A,
    A: Future<Output = Result<LambdaFunction, StartError>>,
{
    let environment = Environment::from_process();
    telemetry::start(environment.get("LOG_LEVEL").unwrap_or("info"));
    let door = door(environment).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let door = door.clone();
        async move { door.call(event.payload, event.context).await }
    }))
    .await
}
