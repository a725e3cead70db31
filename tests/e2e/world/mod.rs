//! The environment of stories.

mod api_client;
mod client_screen;
mod client_socket;
mod error_log;
pub(crate) mod images;
pub(crate) mod mail;
mod obedient_provider;
mod reconnecting_client;
pub(crate) mod team;
pub(crate) mod users;

use std::{
    fs,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use entry::Clock;
use jiff::Timestamp;
use local::{LocalCloud, LocalOptions};
use serde_json::Value;

use api_client::FailureLog;
pub(crate) use api_client::{ApiClient, ApiRequest, ApiResponse};
pub(crate) use client_screen::ClientScreen;
pub(crate) use client_socket::{ClientSocket, ReceivedEvent};
pub(crate) use obedient_provider::ObedientProvider;
pub(crate) use reconnecting_client::{ReconnectingClient, visible_content};
pub(crate) use team::Teammate;
pub(crate) use testkit::repository;
pub(crate) use users::{Guest, Presentation, Session, User};

/// The longest time that a story waits for anything. A story that passes never waits this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The time at which a local cloud starts. A story that moves the clock by a month would otherwise depend on the day on which it
/// runs.
pub(crate) const START: &str = "2030-01-15T12:00:00Z";

/// The cloud that a story uses: a local cloud or a deployment.
pub(crate) struct World {
    url: String,
    http: reqwest::Client,
    local: Option<LocalCloud>,
    failures: Arc<FailureLog>,
    /// The story announced that the product logs errors.
    expects_errors: AtomicBool,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(LocalOptions::default()).await
    }

    /// Starts a local cloud with these options. A deployment has its own.
    pub(crate) async fn start_with(options: LocalOptions) -> Self {
        match deployment_url() {
            Some(url) => Self::at_url(url.trim_end_matches('/')),
            None => Self::with_options(options).await,
        }
    }

    fn new(url: String, local: Option<LocalCloud>) -> Self {
        let (failures, expects_errors) = Default::default();
        Self { url, http: http_client(), local, failures, expects_errors }
    }

    async fn with_options(mut options: LocalOptions) -> Self {
        error_log::listen();
        options.template.get_or_insert_with(|| repository().join("template.yaml"));
        // only stories about plans set another plan
        options.parameters.entry("DefaultPlan".to_owned()).or_insert_with(|| "enterprise".to_owned());
        start_at_fixed_time(&options.clock);
        let local = LocalCloud::start(options).await.expect("the local cloud starts");
        Self::new(local.url(), Some(local))
    }

    /// Starts a local cloud that the story controls. Against a deployment it prints a note and returns `None`.
    pub(crate) async fn local_only(story: &str) -> Option<Self> {
        Self::local_only_with(story, LocalOptions::default()).await
    }

    pub(crate) async fn local_only_with(story: &str, options: LocalOptions) -> Option<Self> {
        if deployment_url().is_some() {
            print_note(&format!("{story}: skipped, because it controls a local cloud"));
            return None;
        }
        Some(Self::with_options(options).await)
    }

    /// Starts a local cloud that never receives `$disconnect`.
    pub(crate) async fn without_disconnects(story: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let template = fs::read_to_string(repository().join("template.yaml")).expect("the template");
        let without = template.replace("RouteKey: \"$disconnect\"", "RouteKey: \"never\"");
        assert_ne!(template, without, "the template has a $disconnect route");
        let file = folder.path().join("template.yaml");
        fs::write(&file, without).expect("a file");
        // the cloud reads the file only at the start, so the folder may be deleted
        Self::local_only_with(story, LocalOptions { template: Some(file), ..LocalOptions::default() }).await
    }

    /// Starts a local cloud whose broadcast queue has no reader.
    pub(crate) async fn without_broadcasts(story: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let template = fs::read_to_string(repository().join("template.yaml")).expect("the template");
        let without = template
            .replace("{Queue: !GetAtt BroadcastQueue.Arn", "{Queue: !GetAtt BroadcastDeadLetters.Arn");
        assert_ne!(template, without, "the template has a reader of the broadcast queue");
        let file = folder.path().join("template.yaml");
        fs::write(&file, without).expect("a file");
        Self::local_only_with(story, LocalOptions { template: Some(file), ..LocalOptions::default() }).await
    }

    /// Uses a deployment behind a real API Gateway, or a local cloud, which enforces the same quotas. The emulated cloud of
    /// `infra/rehearse` accepts frames of any size and handles the frames of a connection sequentially.
    pub(crate) async fn with_quotas(story: &str) -> Option<Self> {
        if is_emulated_aws() {
            print_note(&format!("{story}: skipped, because the emulated cloud has no quotas"));
            return None;
        }
        Some(Self::start().await)
    }

    /// Uses the cloud at a URL.
    pub(crate) fn at_url(url: &str) -> Self {
        Self::new(url.to_owned(), None)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the local cloud.
    pub(crate) fn local_cloud(&self) -> &LocalCloud {
        self.local.as_ref().expect("a story that controls the cloud starts with World::local_only")
    }

    /// Creates a client without an account, at an IP address of its own.
    pub(crate) fn anonymous(&self) -> ApiClient {
        ApiClient::new(self.http.clone(), &self.url, &unique_address(), Arc::clone(&self.failures))
    }

    /// Signs a user up.
    pub(crate) async fn user(&self, name: &str) -> User {
        User::register(self, name).await
    }

    /// Lets the caches of the instances expire, which may return old data for two seconds (ARCHITECTURE 5).
    pub(crate) async fn expire_caches(&self) {
        let remembered = Duration::from_secs(3);
        match &self.local {
            Some(local) => local.clock().advance(remembered),
            None => tokio::time::sleep(remembered).await,
        }
    }

    /// Moves the clock to the beginning of a window, so that all attempts of the story count in the same window.
    pub(crate) fn begin_window(&self, length: Duration) {
        let clock = self.local_cloud().clock();
        let length = i64::try_from(length.as_millis()).expect("a window is short");
        let left = length - clock.millis().rem_euclid(length);
        clock.advance(Duration::from_millis(left.unsigned_abs()));
    }

    /// Returns the items of the table without the counters of rate limits, or none against a deployment.
    pub(crate) async fn table_items(&self) -> Vec<Value> {
        let Some(local) = &self.local else { return Vec::new() };
        let mut items = local.emulator().all_items().await.expect("the table is readable");
        items.retain(|item| item["kind"]["S"] != "attempt_counter");
        items
    }

    /// Announces that this story makes the product log an error. A story that does not fails with the first one.
    pub(crate) fn expect_errors(&self) {
        self.expects_errors.store(true, Ordering::Relaxed);
    }

    /// Returns the number of responses that asked a client to retry (503).
    pub(crate) fn unavailable_count(&self) -> u64 {
        self.failures.unavailable_count()
    }

    /// Stops the local cloud, as Ctrl-C does.
    pub(crate) async fn stop(mut self) {
        if let Some(local) = self.local.take() {
            local.stop().await;
        }
    }

    /// Waits until no job is left. The jobs have then published all events. The queues of a deployment are not visible, so the
    /// story must wait for an event or use [`ApiClient::get_until`] if its next assertion depends on a job.
    pub(crate) async fn wait_for_jobs(&self) {
        if let Some(local) = &self.local {
            tokio::time::timeout(DEADLINE, local.wait_until_idle()).await.expect("the jobs end in time");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let Some(local) = &self.local else { return };
        let queues = local.emulator().sqs();
        for name in queues.names().iter().filter(|name| name.contains("DeadLetters")) {
            let dead: Vec<String> = queues.peek(name).into_iter().map(|message| message.body).collect();
            assert!(dead.is_empty(), "the story left dead letters in {name}: {dead:#?}");
        }
        if !self.expects_errors.load(Ordering::Relaxed) {
            let failed = self.failures.errors();
            assert!(failed.is_empty(), "the story received unexpected errors: {failed:#?}");
            let logged = error_log::errors_of_this_runtime();
            assert!(logged.is_empty(), "the story made the product log errors: {logged:#?}");
        }
    }
}

/// Moves a clock to [`START`]. A clock that another cloud of the story has used is later and stays as it is.
fn start_at_fixed_time(clock: &Clock) {
    let start: Timestamp = START.parse().expect("a time");
    let ahead = start.duration_since(clock.now());
    if let Ok(ahead) = Duration::try_from(ahead) {
        clock.advance(ahead);
    }
}

/// Prints that a story was skipped. Bypasses the test harness, which hides the output of tests that pass.
fn print_note(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

#[expect(clippy::disallowed_methods, reason = "the setting is of this test run, not of the product")]
fn deployment_url() -> Option<String> {
    std::env::var("BASE_URL").ok().filter(|url| !url.is_empty())
}

/// Returns whether `BASE_URL` is the emulated cloud of `infra/rehearse` and not AWS.
pub(crate) fn is_emulated_aws() -> bool {
    std::env::var_os("EMULATED").is_some()
}

fn http_client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(DEADLINE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("an HTTP client")
}

/// Returns an address that no other client of this run has, because limits count by address. A deployment uses the real one.
pub(crate) fn unique_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let [_, a, b, c] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("10.{a}.{b}.{c}")
}
