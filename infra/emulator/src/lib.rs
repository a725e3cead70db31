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

pub mod bench;
pub mod call_barrier;
pub mod chaos;
pub mod connections;
mod engine;
mod front;
mod gate;
pub mod iam;
mod ids;
mod journal;
mod management;
pub mod outbox;
pub mod queues;
mod server;
pub mod table;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;

pub use call_barrier::CallBarrier;
pub use chaos::{Chaos, ChaosDice, FaultCounts};
pub use connections::{ConnectionInfo, ConnectionRegistry, OutboundFrame};
pub use iam::{IamConfig, IamPolicy};
pub use outbox::{EmulatedSes, SentEmail};
pub use queues::{EmulatedSqs, QueueDepth, QueueSpec, ReceivedMessage};
pub use table::TableSpec;

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
    _front: server::ServerThread,
    dynamodb_proxy: gate::DynamoDbProxy,
    engine: engine::DynamoDbEngine,
    guard: iam::IamGuard,
    url: String,
    now: TimeSource,
    sqs: EmulatedSqs,
    ses: EmulatedSes,
    connections: ConnectionRegistry,
    calls: CallBarrier,
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
        let keys = gate::PartitionKeys::from_tables(&tables);
        let engine = engine::DynamoDbEngine::start(tables, dir)?;
        let calls = CallBarrier::default();
        let gate = gate::DynamoDbProxy::start(&engine, guard.clone(), keys, chaos.as_ref(), calls.clone())?;
        let queues = EmulatedSqs::open(queues, dir, now.clone(), &url, chaos)?;
        let outbox = EmulatedSes::open(dir, now.clone())?;
        let connections = ConnectionRegistry::default();
        let front = front::start(
            listener,
            queues.clone(),
            outbox.clone(),
            connections.clone(),
            now.clone(),
            (&guard, calls.clone()),
        )?;
        Ok(Self {
            _front: front,
            dynamodb_proxy: gate,
            engine,
            guard,
            url,
            now,
            sqs: queues,
            ses: outbox,
            connections,
            calls,
        })
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

    /// Holds a chosen call to any of the services.
    pub fn call_barrier(&self) -> &CallBarrier {
        &self.calls
    }

    /// Lets the next transactions of the table conflict. A function gives up on a request whose transaction conflicts six times.
    pub fn conflict_next_transactions(&self, transactions: usize) {
        self.dynamodb_proxy.conflict_next_transactions(transactions);
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
