//! What every door stands on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use futures::future::{join, join_all};
use model::plan::Plan;
use protocol::job::Queue;
use queue::JobQueues;
use realtime::RealtimeHub;
use store::Store;

use crate::{Clock, Environment, StartError, tokens::TokenKeys};

/// Everything that a handler may use. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub clock: Clock,
    pub store: Store,
    pub queues: JobQueues,
    pub realtime: RealtimeHub,
    pub tokens: TokenKeys,
    pub settings: Arc<AppSettings>,
}

/// The settings of a deployment (`template.yaml`, `Globals`). Secrets are not among them: they end in `Tokens`.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// `PUBLIC_URL`: the base of links in mail.
    pub public_url: String,
    /// `SOCKET_URL`: the `wss://` URL that clients are given.
    pub socket_url: String,
    /// `ALLOWED_ORIGINS`: exact origins; a port of `*` stands for any (local development).
    pub allowed_origins: Vec<String>,
    /// `ALLOW_TOKEN_IN_URL`: `?token=` takes access and participant tokens besides tickets. Off in the template: URLs
    /// end up in logs.
    pub allow_token_in_url: bool,
    /// `MAIL_SENDER`
    pub mail_sender: String,
    /// `FIRST_ADMIN_EMAIL`: whoever registers with it first is the first admin, who makes others.
    pub first_admin_email: Option<String>,
    /// `DEFAULT_PLAN`: of new accounts.
    pub default_plan: Plan,
    /// `SHOW_DOCS`: the documents of the API and their pages are served.
    pub show_docs: bool,
    /// `SHOW_COST`: answers carry `x-colloquy-cost`, what the table was asked for.
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

    /// May pages of this origin talk to us?
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

/// How the SDKs are told where they are. Not `aws-config`: a Lambda's region and keys stand in its environment, and its
/// chain of other sources (profiles, SSO, metadata service) is only start-up time here.
pub struct AwsConfig {
    region: Region,
    credentials: Credentials,
}

/// Attempts in all, with jittered backoff, before a call counts as failed (RELIABILITY 39).
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
        })
    }
}

/// The same six lines for every SDK: their builders share no trait.
macro_rules! client {
    ($sdk:ident, $aws:expr, $endpoint:expr) => {{
        let aws = $aws;
        let mut config = $sdk::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(aws.region.clone())
            .credentials_provider(aws.credentials.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_SDK_ATTEMPTS));
        if let Some(url) = $endpoint {
            config = config.endpoint_url(url);
        }
        $sdk::Client::from_conf(config.build())
    }};
}

/// The variables that every SDK of AWS reads: for one service, or for all (emulators). Absent on AWS.
fn endpoint_override<'a>(environment: &'a Environment, service: &str) -> Option<&'a str> {
    environment.get(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| environment.get("AWS_ENDPOINT_URL"))
}

/// Whom a door talks to beside the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionDependency {
    /// SQS, by a queue that the door may send to.
    Queue(Queue),
    Sockets,
}

impl FunctionDependency {
    /// Of a function that publishes to rooms. Large rooms and connections that are gone go to the `Broadcast` queue.
    pub const REALTIME: &[Self] = &[Self::Sockets, Self::Queue(Queue::Broadcast)];
}

/// A door starts without a peer that does not answer in this time; its first event will see.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(2);

impl App {
    /// Reads the settings, makes the clients and opens their connections to the table and the peers: a Lambda starts with
    /// more processor than it has later, and whoever comes first does not wait for names and TLS.
    pub async fn start(environment: &Environment, peers: &[FunctionDependency]) -> Result<Self, StartError> {
        let app = Self::read(environment)?;
        let peers = peers.iter().map(|peer| async {
            match peer {
                FunctionDependency::Queue(queue) => app.queues.warm(*queue).await,
                FunctionDependency::Sockets => app.realtime.warm().await,
            }
        });
        let warming = join(app.store.open_connection(), join_all(peers));
        if tokio::time::timeout(WARM_UP_TIMEOUT, warming).await.is_err() {
            tracing::warn!("the table or a peer does not answer");
        }
        Ok(app)
    }

    fn read(environment: &Environment) -> Result<Self, StartError> {
        let aws = AwsConfig::read(environment)?;
        let tokens = TokenKeys::from_secrets(
            environment.required("SIGNING_SECRET")?,
            // a deployment whose secret was never rotated says `none` (template.yaml)
            environment.get("SIGNING_SECRET_PREVIOUS").filter(|secret| *secret != "none"),
        )?;
        let dynamodb = client!(aws_sdk_dynamodb, &aws, endpoint_override(environment, "DYNAMODB"));
        let table = environment.required("TABLE")?.to_owned();
        let store = Store::new(dynamodb, table, tokens.derive_key("cursor"));
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
        Ok(Self { clock: environment.clock().clone(), store, queues, realtime: rooms, tokens, settings })
    }
}

/// The client that only `worker-mail` needs.
pub fn mailer(environment: &Environment) -> Result<mailer::Mailer, StartError> {
    let aws = AwsConfig::read(environment)?;
    let client = client!(aws_sdk_sesv2, &aws, endpoint_override(environment, "SESV2"));
    Ok(mailer::Mailer::new(client, environment.required("MAIL_SENDER")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact_but_for_a_starred_port() {
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
