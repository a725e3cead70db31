//! The Lambda functions of identity with an emulator of their own.

use std::{ops::Deref, time::Duration};

use entry::{Clock, Environment};
use protocol::job::Queue;
use serde_json::{Value, json};
use testkit::{FunctionClient, TestApp, TestAppOptions, TestRequest, TestResponse};

/// A password that is not easy to guess.
pub(crate) const PASSWORD: &str = "a heron over grey water";

const HOUR_MS: u64 = 3_600_000;

pub(crate) struct IdentityWorld {
    kit: TestApp,
    client: FunctionClient,
}

impl Deref for IdentityWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

/// Returns the access token of a login session.
pub(crate) fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("an access token")
}

async fn api_client(environment: Environment) -> FunctionClient {
    FunctionClient::new(identity::api(environment).await.expect("the function starts"))
}

impl IdentityWorld {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[("FIRST_ADMIN_EMAIL", "root@example.com")]).await
    }

    /// Starts functions that try each call once, so that a refused call fails soon.
    pub(crate) async fn start_without_retries() -> Self {
        Self::start_with(&[("FIRST_ADMIN_EMAIL", "root@example.com"), ("AWS_MAX_ATTEMPTS", "1")]).await
    }

    /// Starts functions with these variables.
    pub(crate) async fn start_with(variables: &'static [(&'static str, &'static str)]) -> Self {
        let clock = Clock::system();
        // Rate limits count in windows of an hour, so each test begins at the start of one.
        clock.advance(Duration::from_millis(HOUR_MS - clock.millis().unsigned_abs() % HOUR_MS));
        let kit = TestApp::start_with(TestAppOptions { clock, variables, ..TestAppOptions::default() }).await;
        let client = api_client(kit.environment()).await;
        Self { kit, client }
    }

    /// Refuses all further posts to sockets.
    pub(crate) async fn break_socket_posts(&mut self) {
        self.client = api_client(self.environment_without_sockets()).await;
    }

    /// Returns a client of `api-admin`. A mute one cannot post to sockets.
    pub(crate) async fn admin_client(&self, is_mute: bool) -> FunctionClient {
        let environment = if is_mute { self.environment_without_sockets() } else { self.environment() };
        FunctionClient::new(identity::admin_api(environment).await.expect("the function starts"))
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

    /// Returns the queued mails without those that prove addresses, oldest first.
    pub(crate) fn queued_mails(&self) -> Vec<Value> {
        let mut mails = self.all_mails();
        mails.retain(|mail| mail["letter"]["letter"] != "email_verification");
        mails
    }

    /// Returns the queued mails that prove an address, oldest first.
    pub(crate) fn verifications(&self, name: &str) -> Vec<Value> {
        let mut mails = self.all_mails();
        let address = format!("{name}@example.com");
        mails.retain(|mail| mail["letter"]["letter"] == "email_verification" && mail["address"] == address);
        mails.into_iter().map(|mail| mail["letter"].clone()).collect()
    }

    /// Returns the newest code that was mailed to `{name}@example.com`.
    pub(crate) fn mailed_code(&self, name: &str) -> String {
        let newest = self.verifications(name).pop().expect("a mail with a code");
        newest["code"].as_str().expect("a code").to_owned()
    }

    fn all_mails(&self) -> Vec<Value> {
        self.queued_envelopes(Queue::Mail).into_iter().map(|envelope| envelope.payload).collect()
    }
}
