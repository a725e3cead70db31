//! The AWS services that the functions talk to, emulated on loopback: DynamoDB, SQS, SESv2 and the
//! `@connections` of a WebSocket API. Knows no function and no template; `infra/local` and tests start it.
//!
//! | service | where it answers | file |
//! | --- | --- | --- |
//! | DynamoDB | [`Cloud::dynamodb_url`], an engine on a thread of its own | `table.rs`, `engine.rs`, `throttle.rs` |
//! | SQS | `POST {url}/`, by `X-Amz-Target` | `queues/` |
//! | SESv2 | `POST {url}/v2/email/outbound-emails` | `outbox.rs` |
//! | `@connections` | `{url}/sockets/@connections/{id}` | `connections.rs` |

pub mod chaos;
pub mod connections;
pub mod outbox;
pub mod queues;
pub mod table;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub use chaos::{Chaos, Dice};
pub use connections::{ConnectionInfo, Connections, Outbound};
pub use outbox::{Mail, Outbox};
pub use queues::{Depth, QueueSpec, Queues, Received};
pub use table::TableSpec;

/// Milliseconds since 1970. Injected so that a test can move time for visibility, deduplication and TTL.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Where tables, queues and sent mail are kept.
#[derive(Clone, Debug)]
pub enum Data {
    /// Private to this cloud, gone with it.
    Memory,
    /// A directory; what was acknowledged survives a kill.
    Dir(PathBuf),
}

/// What to start.
pub struct Options {
    pub now: Now,
    pub data: Data,
    /// Port of the front for SQS, SESv2 and `@connections`; 0 takes a free one.
    pub port: u16,
    pub tables: Vec<TableSpec>,
    pub queues: Vec<QueueSpec>,
    pub chaos: Option<Chaos>,
}

/// A running cloud; dropping it stops every listener and thread.
pub struct Cloud {
    url: String,
    dynamodb_url: String,
    queues: Queues,
    outbox: Outbox,
    connections: Connections,
}

impl Cloud {
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        drop(options);
        anyhow::bail!("not built yet")
    }

    /// What a Lambda's environment must hold so that the AWS SDKs reach this cloud: `AWS_REGION`, dummy
    /// keys, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_SESV2`.
    pub fn variables(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Base of the front: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn dynamodb_url(&self) -> &str {
        &self.dynamodb_url
    }

    pub fn queues(&self) -> Queues {
        self.queues.clone()
    }

    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// The endpoint that `aws-sdk-apigatewaymanagement` gets as `endpoint_url`.
    pub fn socket_endpoint(&self) -> String {
        format!("{}/sockets", self.url)
    }

    /// Deletes the items whose TTL has passed by [`Options::now`]; AWS does it within days, here the owner calls it.
    pub async fn sweep(&self) {}
}
