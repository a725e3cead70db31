//! Lambda's Invoke API in front of the binaries. Each binary starts at its first event and has its own Runtime API.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use http::{HeaderValue, StatusCode};
use local::{LocalCloud, template::FunctionSpec};
use tokio::sync::Mutex;

use crate::{
    process::FunctionProcess,
    runtime_api::RuntimeApi,
    server::{json_response, serve},
};

pub(crate) struct InvokeApi {
    pub(crate) url: reqwest::Url,
    functions: Arc<OnceLock<Vec<FunctionSpec>>>,
    running: Arc<Mutex<HashMap<String, Arc<RunningFunction>>>>,
}

struct RunningFunction {
    api: RuntimeApi,
    _process: FunctionProcess,
}

impl InvokeApi {
    /// Starts listening. A local cloud is then started with the URL.
    pub(crate) async fn start() -> Self {
        let functions = Arc::new(OnceLock::<Vec<FunctionSpec>>::new());
        let running = Arc::new(Mutex::new(HashMap::<String, Arc<RunningFunction>>::new()));
        let known = Arc::clone(&functions);
        let started = Arc::clone(&running);
        let authority = serve(move |request, event| {
            let known = Arc::clone(&known);
            let started = Arc::clone(&started);
            async move {
                let path = request.uri.path();
                let binary = path
                    .strip_prefix("/2015-03-31/functions/")
                    .and_then(|rest| rest.strip_suffix("/invocations"))
                    .unwrap_or_else(|| panic!("the Invoke API does not serve {path}"));
                let functions = known.get().expect("events arrive after run_functions_of");
                let function = functions.iter().find(|function| function.binary == binary);
                let function = function.unwrap_or_else(|| panic!("no function has the binary {binary}"));
                let running = match started.lock().await.entry(binary.to_owned()) {
                    std::collections::hash_map::Entry::Occupied(running) => Arc::clone(running.get()),
                    std::collections::hash_map::Entry::Vacant(place) => {
                        let api = RuntimeApi::start(&function.arn).await;
                        let process = FunctionProcess::start(function, &api.authority);
                        Arc::clone(place.insert(Arc::new(RunningFunction { api, _process: process })))
                    }
                };
                match running.api.invoke(event).await {
                    Ok(value) => json_response(StatusCode::OK, &value),
                    Err(error) => {
                        let mut thrown = json_response(StatusCode::OK, &error);
                        thrown
                            .headers_mut()
                            .insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
                        thrown
                    }
                }
            }
        })
        .await;
        Self { url: format!("http://{authority}").parse().unwrap(), functions, running }
    }

    /// Runs the functions of this local cloud from now on.
    pub(crate) fn run_functions_of(&self, local: &LocalCloud) {
        self.functions.set(local.runner().functions().cloned().collect()).unwrap();
    }

    /// Ends the processes before the services that they use.
    pub(crate) async fn stop(self) {
        self.running.lock().await.clear();
    }
}
