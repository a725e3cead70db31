//! The AWS services that the functions talk to, emulated on loopback: DynamoDB, SQS, SESv2 and the
//! `@connections` of a WebSocket API. Knows no function; `infra/local` starts it as the template says, and tests on a [`bench`].
//!
//! | service | where it answers | file |
//! | --- | --- | --- |
//! | DynamoDB | [`Cloud::dynamodb_url`], an engine on a thread of its own | `table.rs`, `engine.rs`, `gate/` |
//! | SQS | `POST {url}/`, by `X-Amz-Target` | `queues/` |
//! | SESv2 | `POST {url}/v2/email/outbound-emails` | `outbox.rs` |
//! | `@connections` | `{url}/sockets/@connections/{id}` | `connections.rs`, `management.rs` |
//! | IAM | before each of them: [`Access`] says who may do what | `iam/` |

mod aws_response;
pub mod bench;
pub mod chaos;
pub mod connections;
mod dynamodb_engine;
mod dynamodb_proxy;
mod http_server;
pub mod iam;
mod ids;
mod journal;
mod management_api;
mod server_thread;
pub mod ses;
pub mod sqs;
pub mod table_spec;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;

pub use chaos::{Chaos, ChaosDice};
pub use connections::{ConnectionInfo, ConnectionRegistry, OutboundFrame};
pub use iam::{IamConfig, IamPolicy};
pub use ses::{EmulatedSes, SentEmail};
pub use sqs::{EmulatedSqs, QueueDepth, QueueSpec, ReceivedMessage};
pub use table_spec::TableSpec;

/// Milliseconds since 1970. Injected so that a test can move time for visibility, deduplication and TTL.
pub type TimeSource = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Where tables, queues and sent mail are kept.
#[derive(Clone, Debug)]
pub enum DataLocation {
    /// Private to this cloud, gone with it.
    Memory,
    /// A directory; what was acknowledged survives a kill.
    Dir(PathBuf),
}

/// What to start.
pub struct EmulatorOptions {
    pub now: TimeSource,
    pub data: DataLocation,
    /// Port of the front for SQS, SESv2 and `@connections`; 0 takes a free one.
    pub port: u16,
    pub tables: Vec<TableSpec>,
    pub queues: Vec<QueueSpec>,
    pub chaos: Option<Chaos>,
    /// Who may do what, beside the administrator.
    pub iam: IamConfig,
}

/// The region of every ARN, and of the functions.
pub const REGION: &str = "us-east-1";
/// The account of every ARN.
pub const ACCOUNT: &str = "000000000000";

/// A running cloud; dropping it stops every listener and thread.
pub struct Emulator {
    // Dropped in this order: first what takes requests.
    _http_server: server_thread::ServerThread,
    dynamodb_proxy: dynamodb_proxy::DynamoDbProxy,
    engine: dynamodb_engine::DynamoDbEngine,
    guard: iam::IamGuard,
    url: String,
    now: TimeSource,
    sqs: EmulatedSqs,
    ses: EmulatedSes,
    connections: ConnectionRegistry,
}

impl Emulator {
    /// Up in milliseconds; opening the data of an earlier run takes as long as reading its queues.
    pub async fn start(options: EmulatorOptions) -> anyhow::Result<Self> {
        // Files are opened and read: not on a thread that serves others.
        tokio::task::spawn_blocking(|| Self::open(options)).await?
    }

    fn open(options: EmulatorOptions) -> anyhow::Result<Self> {
        let EmulatorOptions { now, data, port, tables, queues, chaos, iam } = options;
        let dir = match &data {
            DataLocation::Memory => None,
            DataLocation::Dir(dir) => {
                create_private_dir(dir).with_context(|| format!("cannot use {} for data", dir.display()))?;
                Some(dir.as_path())
            }
        };
        let listener = TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("cannot listen on port {port}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let guard = iam::IamGuard::new(iam);
        let keys = dynamodb_proxy::PartitionKeys::from_tables(&tables);
        let engine = dynamodb_engine::DynamoDbEngine::start(tables, dir)?;
        let dynamodb_proxy =
            dynamodb_proxy::DynamoDbProxy::start(&engine, guard.clone(), keys, chaos.as_ref())?;
        let sqs = EmulatedSqs::open(queues, dir, now.clone(), &url, chaos)?;
        let ses = EmulatedSes::open(dir, now.clone())?;
        let connections = ConnectionRegistry::default();
        let http_server =
            http_server::start(listener, sqs.clone(), ses.clone(), connections.clone(), now.clone(), &guard)?;
        Ok(Self { _http_server: http_server, dynamodb_proxy, engine, guard, url, now, sqs, ses, connections })
    }

    /// What a Lambda's environment must hold so that the AWS SDKs reach this cloud and nothing else: region, the
    /// administrator's keys, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_SESV2`.
    pub fn lambda_environment(&self) -> BTreeMap<String, String> {
        let variables = [
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", iam::ADMINISTRATOR),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb_url()),
            ("AWS_ENDPOINT_URL_SQS", self.url()),
            ("AWS_ENDPOINT_URL_SESV2", self.url()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Base of the front: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the table answers: permissions, chaos and the engine.
    pub fn dynamodb_url(&self) -> &str {
        self.dynamodb_proxy.url()
    }

    /// What each role was allowed so far, by access key; of the administrator nothing is known.
    pub fn used_permissions(&self) -> BTreeMap<String, BTreeSet<iam::UsedPermission>> {
        self.guard.used_permissions()
    }

    pub fn sqs(&self) -> EmulatedSqs {
        self.sqs.clone()
    }

    pub fn ses(&self) -> EmulatedSes {
        self.ses.clone()
    }

    pub fn connections(&self) -> ConnectionRegistry {
        self.connections.clone()
    }

    /// The endpoint that `aws-sdk-apigatewaymanagement` gets as `endpoint_url`.
    pub fn socket_endpoint(&self) -> String {
        format!("{}/sockets", self.url)
    }

    /// Deletes the items whose TTL has passed by [`Options::now`]; AWS does it within days, here the owner calls it.
    pub async fn delete_expired_items(&self) {
        self.engine.delete_expired_items((self.now)()).await;
    }
}

/// Password hashes and mailed links lie here: for their owner only.
fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
