//! The HTTP connections to the AWS services.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_smithy_http_client::{
    pool::{Client, ConnectionPool, DriverSpawner, Partition, PartitionId},
    tls::{Provider, rustls_provider::CryptoMode},
};
use tokio::runtime::Handle;

use crate::StartError;

/// The maximum number of open connections to one service, of all functions of the process together. A Lambda function handles one event at a
/// time and posts to at most 50 connections at once (`realtime`). In the local cloud, where a connection to the table
/// costs up to four descriptors and one to another service two, all functions together stay below 400.
pub const MAX_CONNECTIONS_PER_SERVICE: usize = 64;
/// How long an unused connection stays open. Opening one to AWS costs a TLS handshake.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// The pool has one partition, because a process has one runtime.
const PARTITION: PartitionId = PartitionId::from_index(0);

/// The connections of a process to the AWS services. The functions of the local cloud share them, because each of them
/// would otherwise keep a pool per service. Cheap to clone.
#[derive(Clone, Default)]
pub struct AwsConnections(Arc<OnceLock<ConnectionPool>>);

impl AwsConnections {
    /// Returns the HTTP client of an SDK. The connections belong to the runtime of the first caller.
    ///
    /// # Errors
    /// Fails if the pool cannot be made.
    pub(crate) fn http_client(&self) -> Result<Client, StartError> {
        let failed = |error: &dyn fmt::Display| StartError::NoConnections(error.to_string());
        let pool = if let Some(pool) = self.0.get() {
            pool
        } else {
            let pool = make_pool().map_err(|error| failed(&error))?;
            self.0.get_or_init(|| pool)
        };
        Client::from_partition(pool, PARTITION).map_err(|error| failed(&error))
    }
}

fn make_pool() -> Result<ConnectionPool, aws_smithy_http_client::pool::BuildError> {
    let runtime = Handle::current();
    let spawner = DriverSpawner::from_fn(move |task| drop(runtime.spawn(task)));
    ConnectionPool::builder()
        .max_connections_per_host(MAX_CONNECTIONS_PER_SERVICE)
        .idle_timeout(IDLE_TIMEOUT)
        .partitions([Partition::new(PARTITION, spawner)])
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https()
}

impl fmt::Debug for AwsConnections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsConnections")
    }
}
