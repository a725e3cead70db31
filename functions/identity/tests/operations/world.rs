//! The Lambda functions of identity with an emulator of their own.

use std::{collections::BTreeMap, time::Duration};

use emulator::bench::{FunctionClient, TestCloud, TestRequest, TestResponse};
use entry::{App, Clock, Environment, LambdaFunction};
use lambda_runtime::Context;
use protocol::job::Queue;
use serde_json::{Value, json};

/// A password that is not easy to guess.
pub(crate) const PASSWORD: &str = "a heron over grey water";

const HOUR_MS: u64 = 3_600_000;

pub(crate) struct IdentityWorld {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    cloud: TestCloud,
    client: FunctionClient,
}

/// Returns the access token of a login session.
pub(crate) fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("an access token")
}

async fn api_client(variables: BTreeMap<String, String>, clock: &Clock) -> FunctionClient {
    client_of(identity::api(Environment::new(variables, clock.clone())).await.expect("the function starts"))
}

fn client_of(function: LambdaFunction) -> FunctionClient {
    FunctionClient::new(move |event| {
        let function = function.clone();
        async move { function.call(event, Context::default()).await }
    })
}

impl IdentityWorld {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        // Rate limits count in windows of an hour, so each test begins at the start of one.
        clock.advance(Duration::from_millis(HOUR_MS - clock.millis().unsigned_abs() % HOUR_MS));
        let time = clock.clone();
        let bench = TestCloud::start(move || time.millis(), None).await.expect("a bench");
        let mut variables = bench.function_environment();
        variables.insert("FIRST_ADMIN_EMAIL".into(), "root@example.com".into());
        let app = App::start(&Environment::new(variables.clone(), clock.clone()), &[]).await.expect("an app");
        let client = api_client(variables, &clock).await;
        Self { app, clock, cloud: bench, client }
    }

    /// Refuses all further posts to sockets.
    pub(crate) async fn break_socket_posts(&mut self) {
        let mut variables = self.cloud.function_environment();
        variables.insert("SOCKET_ENDPOINT".into(), self.cloud.unreachable_url());
        self.client = api_client(variables, &self.clock).await;
    }

    /// Returns a client of `api-admin`. A mute one cannot post to sockets.
    pub(crate) async fn admin_client(&self, is_mute: bool) -> FunctionClient {
        let mut variables = self.cloud.function_environment();
        if is_mute {
            variables.insert("SOCKET_ENDPOINT".into(), self.cloud.unreachable_url());
        }
        client_of(
            identity::admin_api(Environment::new(variables, self.clock.clone()))
                .await
                .expect("the function starts"),
        )
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> TestRequest {
        self.client.request(method, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> TestRequest {
        self.request("POST", path).json(body)
    }

    /// Sends a form as a browser does.
    pub(crate) fn post_form(&self, path: &str, form: &str) -> TestRequest {
        self.request("POST", path).body("application/x-www-form-urlencoded", form)
    }

    pub(crate) fn get(&self, path: &str, tokens: &Value) -> TestRequest {
        self.request("GET", path).bearer(access_token(tokens))
    }

    /// Registers `{name}@example.com`.
    pub(crate) async fn register(&self, name: &str) -> Value {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "name": name });
        self.post("/v1/auth/register", &body).send().await.ok(201)
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> TestResponse {
        let body = json!({ "email": format!("{name}@example.com"), "password": password });
        self.post("/v1/auth/login", &body).send().await
    }

    /// Returns the queued mails, oldest first.
    pub(crate) fn queued_mails(&self) -> Vec<Value> {
        let waiting = self.cloud.queued_bodies(Queue::Mail.env_var()).unwrap();
        waiting.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()["payload"].clone()).collect()
    }
}
