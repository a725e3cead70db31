//! Maps the names of binaries to their functions. This is the only file that names all function crates.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use entry::{Environment, LambdaFunction, StartError};
use futures::future::BoxFuture;
use lambda_runtime::Context;
use serde_json::Value;

/// A started function. It takes an event with its context, and returns the response or an error.
pub type FunctionHandler =
    Arc<dyn Fn(Value, Context) -> BoxFuture<'static, Result<Value, lambda_runtime::Error>> + Send + Sync>;

type FunctionConstructor =
    Arc<dyn Fn(Environment) -> BoxFuture<'static, anyhow::Result<FunctionHandler>> + Send + Sync>;

/// The function of each binary that the template names.
#[derive(Clone, Default)]
pub struct FunctionRegistry {
    constructors: BTreeMap<String, FunctionConstructor>,
}

impl FunctionRegistry {
    /// An empty registry, for tests that add their own functions.
    pub fn empty() -> Self {
        Self::default()
    }

    /// All Lambda functions of the workspace.
    pub fn all() -> Self {
        Self::empty()
            .function("api-admin", identity::admin_api)
            .function("api-chat", chat::api)
            .function("api-docs", docs::api)
            .function("api-identity", identity::api)
            .function("api-images", presentations::images::api)
            .function("api-presentations", presentations::api)
            .function("api-sessions", sessions::api)
            .function("api-sockets", sockets::api)
            .function("cron-clock", clock::cron)
            .function("socket-chat", chat::socket)
            .function("socket-connections", sockets::connections)
            .function("socket-sessions", sessions::socket)
            .function("worker-answers", sessions::answers)
            .function("worker-broadcast", sockets::broadcast)
            .function("worker-chat", chat::worker)
            .function("worker-mail", mail::worker)
            .function("worker-sessions", sessions::worker)
    }

    fn function<F, A>(self, binary: &str, start: F) -> Self
    where
        F: Fn(Environment) -> A + Send + Sync + 'static,
        A: Future<Output = Result<LambdaFunction, StartError>> + Send + 'static,
    {
        self.with(binary, move |environment| {
            let starting = start(environment);
            async move {
                let function = starting.await?;
                let handler: FunctionHandler = Arc::new(move |event, context| {
                    let function = function.clone();
                    Box::pin(async move { function.call(event, context).await })
                });
                Ok(handler)
            }
        })
    }

    /// Adds a binary. `start` does what the binary's `main` does.
    #[must_use]
    pub fn with<F, A>(mut self, binary: &str, start: F) -> Self
    where
        F: Fn(Environment) -> A + Send + Sync + 'static,
        A: Future<Output = anyhow::Result<FunctionHandler>> + Send + 'static,
    {
        self.constructors
            .insert(binary.to_owned(), Arc::new(move |environment| Box::pin(start(environment))));
        self
    }

    /// Fails if the template and the registry name different binaries. A binary that is only in the template cannot
    /// run, and one that is only here would never be deployed.
    pub(crate) fn check_against_template<'a>(
        &self,
        template: impl Iterator<Item = &'a str>,
    ) -> anyhow::Result<()> {
        let mut unused: Vec<&str> = self.constructors.keys().map(String::as_str).collect();
        for binary in template {
            anyhow::ensure!(
                self.constructors.contains_key(binary),
                "the template has a function {binary} without an entry in infra/local/src/functions.rs: add it to FunctionRegistry::all"
            );
            unused.retain(|known| *known != binary);
        }
        anyhow::ensure!(
            unused.is_empty(),
            "the template has no function for {}: add one to infra/template or remove it from infra/local/src/functions.rs",
            unused.join(", ")
        );
        Ok(())
    }

    pub(crate) async fn start(
        &self,
        binary: &str,
        environment: Environment,
    ) -> anyhow::Result<FunctionHandler> {
        let constructor = self.constructors.get(binary);
        constructor.ok_or_else(|| anyhow::anyhow!("no function is registered for the binary {binary}"))?(
            environment,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_repository_is_registered() {
        let template = crate::template::tests::repository_template();
        template.generate_secrets().unwrap();
        let functions = template.functions().unwrap();
        let binaries: Vec<String> = functions.into_iter().map(|function| function.binary).collect();
        FunctionRegistry::all().check_against_template(binaries.iter().map(String::as_str)).unwrap();
    }

    #[test]
    fn template_and_registry_must_agree() {
        let never = |_| async { anyhow::bail!("not started") };
        let registry = FunctionRegistry::empty().with("api-a", never).with("api-b", never);
        assert!(registry.check_against_template(["api-a", "api-b"].into_iter()).is_ok());
        let error = registry.check_against_template(["api-a"].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the template has no function for api-b: add one to infra/template or remove it from infra/local/src/functions.rs"
        );
        let error = registry.check_against_template(["api-a", "api-b", "api-c"].into_iter()).unwrap_err();
        assert!(error.to_string().contains("a function api-c without an entry"));
    }
}
