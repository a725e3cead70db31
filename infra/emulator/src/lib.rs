//! The AWS services that the functions use, emulated on loopback: DynamoDB, SQS, SESv2, IAM and the `@connections` of a
//! WebSocket API.
//!
//! The emulator knows no function of the product. `infra/local` starts it as `template.yaml` describes, and tests start
//! it with `infra/testkit`. `infra/emulator/README.md` lists what is emulated, what is not, and how to test against it.
//!
//! | service | endpoint | file |
//! | --- | --- | --- |
//! | DynamoDB | [`Emulator::dynamodb_url`], an engine on its own thread | `table_spec.rs`, `dynamodb_engine.rs`, `dynamodb_proxy/` |
//! | SQS | `POST {url}/`, by `X-Amz-Target` | `sqs/` |
//! | SESv2 | `POST {url}/v2/email/outbound-emails` | `ses.rs` |
//! | `@connections` | `{url}/sockets/@connections/{id}` | `connections.rs`, `management_api.rs` |
//! | IAM | checks each request; [`IamConfig`] has the roles | `iam/` |

mod accept;
mod aws_response;
pub mod call_barrier;
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

pub use accept::AcceptFailures;
pub use call_barrier::CallBarrier;
pub use chaos::{Chaos, ChaosDice, FaultCounts};
pub use connections::{ConnectionInfo, ConnectionRegistry, OutboundFrame};
pub use iam::{IamConfig, IamPolicy};
pub use ses::{EmulatedSes, SentEmail, SentHeader};
pub use sqs::{EmulatedSqs, QueueDepth, QueueSpec, ReceivedMessage};
pub use table_spec::TableSpec;

/// Milliseconds since 1970. Injected, so that a test can advance time for visibility, deduplication and TTL.
pub type TimeSource = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The place of tables, queues and sent e-mail.
#[derive(Clone, Debug)]
pub enum DataLocation {
    /// In memory. The data is dropped with the emulator.
    Memory,
    /// A directory. Acknowledged writes survive a kill of the process.
    Dir(PathBuf),
}

/// The options of [`Emulator::start`].
pub struct EmulatorOptions {
    pub now: TimeSource,
    pub data: DataLocation,
    /// The port for SQS, SESv2 and `@connections`; 0 takes a free port.
    pub port: u16,
    pub tables: Vec<TableSpec>,
    pub queues: Vec<QueueSpec>,
    pub chaos: Option<Chaos>,
    /// The roles beside the administrator.
    pub iam: IamConfig,
}

/// The region of all ARNs and of the functions.
pub const REGION: &str = "us-east-1";
/// The account of all ARNs.
pub const ACCOUNT: &str = "000000000000";

/// A running emulator. Dropping it stops all listeners and threads.
pub struct Emulator {
    // The fields are dropped in this order: the servers first.
    _http_server: server_thread::ServerThread,
    dynamodb_proxy: dynamodb_proxy::DynamoDbProxy,
    engine: dynamodb_engine::DynamoDbEngine,
    guard: iam::IamGuard,
    url: String,
    now: TimeSource,
    sqs: EmulatedSqs,
    ses: EmulatedSes,
    connections: ConnectionRegistry,
    calls: CallBarrier,
}

impl Emulator {
    /// Starts the services. It takes milliseconds, plus the time to read the queues of an earlier run.
    pub async fn start(options: EmulatorOptions) -> anyhow::Result<Self> {
        // Opening reads files, so it must not block a thread of the caller's runtime.
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
        let calls = CallBarrier::default();
        let dynamodb_proxy = dynamodb_proxy::DynamoDbProxy::start(
            &engine,
            guard.clone(),
            keys,
            chaos.as_ref(),
            calls.clone(),
        )?;
        let sqs = EmulatedSqs::open(queues, dir, now.clone(), &url, chaos)?;
        let ses = EmulatedSes::open(dir, now.clone())?;
        let connections = ConnectionRegistry::default();
        let http_server = http_server::start(
            listener,
            sqs.clone(),
            ses.clone(),
            connections.clone(),
            now.clone(),
            (&guard, calls.clone()),
        )?;
        Ok(Self {
            _http_server: http_server,
            dynamodb_proxy,
            engine,
            guard,
            url,
            now,
            sqs,
            ses,
            connections,
            calls,
        })
    }

    /// The variables that direct the AWS SDKs of a Lambda function to this emulator: region, the administrator's keys,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_SESV2`.
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

    /// The base URL of SQS, SESv2 and `@connections`: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of DynamoDB, behind permissions and chaos.
    pub fn dynamodb_url(&self) -> &str {
        self.dynamodb_proxy.url()
    }

    /// The permissions that each role has used, by access key. The administrator's are not recorded.
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

    /// Returns the barrier that holds a chosen call to any of the services.
    pub fn call_barrier(&self) -> &CallBarrier {
        &self.calls
    }

    /// Lets the next transactions of the table conflict. A function gives up on a request whose transaction conflicts six times.
    pub fn conflict_next_transactions(&self, transactions: usize) {
        self.dynamodb_proxy.conflict_next_transactions(transactions);
    }

    /// Reads all items of all tables, so that a test can compare them before and after.
    ///
    /// # Errors
    /// Fails if a table cannot be read.
    pub async fn all_items(&self) -> anyhow::Result<Vec<serde_json::Value>> {
        self.engine.all_items().await
    }

    /// The `endpoint_url` for `aws-sdk-apigatewaymanagement`.
    pub fn socket_endpoint(&self) -> String {
        format!("{}/sockets", self.url)
    }

    /// Deletes the items whose TTL has passed by [`EmulatorOptions::now`]. AWS deletes them within days. Here the owner
    /// calls this method.
    pub async fn delete_expired_items(&self) {
        self.engine.delete_expired_items((self.now)()).await;
    }
}

/// Creates a directory that only its owner can read, because it holds password hashes and mailed links.
fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
