//! The clients and settings that every function needs.

use std::{collections::HashMap, ops::Deref, sync::Arc, time::Duration};

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::pool::Client as HttpClient;
use futures::future::{join, join_all};
use model::plan::Plan;
use protocol::job::Queue;
use queue::JobQueues;
use realtime::RealtimeHub;
use store::Store;

use crate::{Clock, Environment, StartError, tokens::TokenKeys};

/// The clients and settings that a handler may use. A clone is a reference, because each layer of each request has one.
#[derive(Clone)]
pub struct App(Arc<AppResources>);

/// What an [`App`] refers to.
pub struct AppResources {
    pub clock: Clock,
    pub store: Store,
    pub queues: JobQueues,
    pub realtime: RealtimeHub,
    pub tokens: TokenKeys,
    pub settings: Arc<AppSettings>,
}

impl Deref for App {
    type Target = AppResources;
    fn deref(&self) -> &AppResources {
        &self.0
    }
}

/// The settings of a deployment (`template.yaml`, `Globals`). They contain no secrets. Secrets become [`TokenKeys`].
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// `PUBLIC_URL`, the base of links in e-mails.
    pub public_url: String,
    /// `SOCKET_URL`, the `wss://` URL that clients connect to.
    pub socket_url: String,
    /// `ALLOWED_ORIGINS`, a list of exact origins. The port `*` allows every port, for local development.
    pub allowed_origins: Vec<String>,
    /// `ALLOW_TOKEN_IN_URL`. If true, `?token=` accepts access and participant tokens besides tickets. It is off in the
    /// template, because URLs appear in logs.
    pub allow_token_in_url: bool,
    /// `MAIL_SENDER`, the sender of e-mails.
    pub mail_sender: String,
    /// `FIRST_ADMIN_EMAIL`. The first account that registers with this address is the super admin and appoints other
    /// admins.
    pub first_admin_email: Option<String>,
    /// `DEFAULT_PLAN`, the plan of new accounts.
    pub default_plan: Plan,
    /// `SHOW_DOCS`. If true, the API documents and their pages are served.
    pub show_docs: bool,
    /// `SHOW_COST`. If true, responses carry `x-colloquy-cost` with the consumed capacity of the table.
    pub show_cost: bool,
}

impl AppSettings {
    fn read(environment: &Environment) -> Result<Self, StartError> {
        let origins = environment.get("ALLOWED_ORIGINS").unwrap_or_default();
        Ok(Self {
            public_url: environment.required("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            socket_url: environment.required("SOCKET_URL")?.to_owned(),
            allowed_origins: origins
                .split(',')
                .map(str::trim)
                .filter(|o| !o.is_empty())
                .map(Into::into)
                .collect(),
            allow_token_in_url: environment.parsed("ALLOW_TOKEN_IN_URL", false)?,
            mail_sender: environment.get("MAIL_SENDER").unwrap_or("Colloquy <no-reply@example.com>").into(),
            first_admin_email: environment.get("FIRST_ADMIN_EMAIL").map(str::to_lowercase),
            default_plan: environment.parsed("DEFAULT_PLAN", Plan::Free)?,
            show_docs: environment.parsed("SHOW_DOCS", true)?,
            show_cost: environment.parsed("SHOW_COST", false)?,
        })
    }

    /// Returns whether pages of this origin may send requests.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| match allowed.strip_suffix(":*") {
            Some(host) => origin.strip_prefix(host).is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix(':').is_some_and(|port| {
                        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
                    })
            }),
            None => allowed == origin,
        })
    }
}

/// The region and credentials of the AWS SDKs. The crate `aws-config` was rejected. A Lambda function has both in its
/// environment, and the crate's other sources (profiles, SSO, metadata service) would only slow the start.
pub struct AwsConfig {
    region: Region,
    credentials: Credentials,
    max_attempts: u32,
    http: HttpClient,
}

/// The maximum number of attempts of a call, with jittered backoff (RELIABILITY 39). `AWS_MAX_ATTEMPTS`, the setting of all AWS
/// SDKs, overrides it.
const MAX_SDK_ATTEMPTS: u32 = 6;

impl AwsConfig {
    fn read(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            region: Region::new(environment.required("AWS_REGION")?.to_owned()),
            credentials: Credentials::new(
                environment.required("AWS_ACCESS_KEY_ID")?,
                environment.required("AWS_SECRET_ACCESS_KEY")?,
                environment.get("AWS_SESSION_TOKEN").map(Into::into),
                None,
                "environment",
            ),
            max_attempts: environment.parsed("AWS_MAX_ATTEMPTS", MAX_SDK_ATTEMPTS)?,
            http: environment.connections().http_client()?,
        })
    }
}

/// The time after which an attempt of a call is given up. A pooled connection may have died while the instance was frozen. The SDK
/// sets no such limit, and the call would hang until the function times out. A limit of 1 s was rejected, because a busy table
/// answers later than that, and the second attempt would add to its load.
const SDK_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time after which a call fails with all its attempts. It is below the 15 s of a function, so that the client gets a 503 with
/// `Retry-After` and not the gateway's 500.
const SDK_OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

fn sdk_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(SDK_ATTEMPT_TIMEOUT)
        .operation_timeout(SDK_OPERATION_TIMEOUT)
        .build()
}

/// Makes the client of an SDK. It is a macro, because the builders of the SDKs share no trait.
macro_rules! client {
    ($sdk:ident, $aws:expr, $endpoint:expr) => {{
        let aws = $aws;
        let mut config = $sdk::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(aws.region.clone())
            .credentials_provider(aws.credentials.clone())
            .http_client(aws.http.clone())
            .timeout_config(sdk_timeouts())
            .retry_config(RetryConfig::standard().with_max_attempts(aws.max_attempts));
        if let Some(url) = $endpoint {
            config = config.endpoint_url(url);
        }
        $sdk::Client::from_conf(config.build())
    }};
}

/// Returns the endpoint override that every AWS SDK reads, for one service or for all services. Emulators need it. It
/// is absent on AWS.
fn endpoint_override<'a>(environment: &'a Environment, service: &str) -> Option<&'a str> {
    environment.get(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| environment.get("AWS_ENDPOINT_URL"))
}

/// A dependency of a function besides the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionDependency {
    /// A queue of SQS that the function may send to.
    Queue(Queue),
    Sockets,
}

impl FunctionDependency {
    /// The dependencies of a function that publishes to rooms. It posts to connections. Events for large rooms and connections
    /// that are gone go to the queue `Broadcast`.
    pub const REALTIME: &[Self] = &[Self::Sockets, Self::Queue(Queue::Broadcast)];
}

/// The maximum time to open the connections. The function then starts without the dependencies that do not respond, and
/// its first event meets the failure.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(2);

impl App {
    /// Reads the settings, makes the clients and opens their connections to the table and the dependencies. A Lambda
    /// function has more processor time at start than later, so the first request does not wait for DNS and TLS.
    pub async fn start(environment: &Environment, peers: &[FunctionDependency]) -> Result<Self, StartError> {
        let app = Self::read(environment)?;
        let peers = peers.iter().map(|peer| async {
            match peer {
                FunctionDependency::Queue(queue) => app.queues.warm(*queue).await,
                FunctionDependency::Sockets => app.realtime.warm().await,
            }
        });
        // Reading the keys opens the connection to the table. On AWS, TLS is most of the time of a first call (FIGURES 1).
        let keys = async {
            if let Err(error) = app.tokens.load(app.clock.now()).await {
                tracing::debug!(%error, "the table does not answer yet");
            }
        };
        let warming = join(keys, join_all(peers));
        if tokio::time::timeout(WARM_UP_TIMEOUT, warming).await.is_err() {
            tracing::warn!("the table or a dependency does not respond");
        }
        Ok(app)
    }

    fn read(environment: &Environment) -> Result<Self, StartError> {
        let aws = AwsConfig::read(environment)?;
        let dynamodb = client!(aws_sdk_dynamodb, &aws, endpoint_override(environment, "DYNAMODB"));
        let table = environment.required("TABLE")?.to_owned();
        let store = Store::new(dynamodb, table);
        let tokens = TokenKeys::new(environment, store.clone())?;
        let sqs = client!(aws_sdk_sqs, &aws, endpoint_override(environment, "SQS"));
        let urls = Queue::ALL
            .into_iter()
            .map(|queue| Ok((queue, environment.required(queue.env_var())?.to_owned())))
            .collect::<Result<HashMap<_, _>, StartError>>()?;
        let queues = JobQueues::new(sqs, urls);
        let endpoint = environment.required("SOCKET_ENDPOINT")?;
        let management = client!(aws_sdk_apigatewaymanagement, &aws, Some(endpoint));
        let rooms = RealtimeHub::new(management, store.clone(), queues.clone());
        let settings = Arc::new(AppSettings::read(environment)?);
        let clock = environment.clock().clone();
        Ok(Self(Arc::new(AppResources { clock, store, queues, realtime: rooms, tokens, settings })))
    }
}

/// Makes the mailer, which only `worker-mail` needs.
pub fn mailer(environment: &Environment) -> Result<mailer::Mailer, StartError> {
    let aws = AwsConfig::read(environment)?;
    let client = client!(aws_sdk_sesv2, &aws, endpoint_override(environment, "SESV2"));
    Ok(mailer::Mailer::new(client, environment.required("MAIL_SENDER")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact_except_for_the_port_star() {
        let settings = AppSettings {
            public_url: String::new(),
            socket_url: String::new(),
            allowed_origins: vec!["https://app.example.com".into(), "http://localhost:*".into()],
            allow_token_in_url: false,
            mail_sender: String::new(),
            first_admin_email: None,
            default_plan: Plan::Free,
            show_docs: true,
            show_cost: false,
        };
        for good in ["https://app.example.com", "http://localhost:5173", "http://localhost"] {
            assert!(settings.allows_origin(good), "{good}");
        }
        for bad in [
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "https://app.example.com:8443",
            "http://localhost.evil.example",
            "http://localhost:80.evil.example",
            "http://localhost:",
            "null",
        ] {
            assert!(!settings.allows_origin(bad), "{bad}");
        }
    }
}
