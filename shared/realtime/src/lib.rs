//! Connections and rooms: post to a connection, publish to a room, close a connection. The only crate that posts to sockets.
//!
//! | module | contents |
//! | --- | --- |
//! | [`connection_post`] | one frame to one connection |
//! | [`publish`] | an event to a room: directly up to a hundred connections, by shards of `worker-broadcast` above |
//! | [`closing`] | close connections with a reason |
//!
//! **This crate knows no product.** It reads and deletes rows of rooms, and nothing else of the table. A post that answers
//! 410 (Gone) becomes one job, `ConnectionUnreachable`, on the platform's own queue. `worker-broadcast` decides what became of
//! the connection and passes it on to the area that owns it. Each area derives its presence from there.
//!
//! This crate is built on `store` and `queue`, as no other crate of its level is built on another. A room is rows of the table, and
//! a large room is published to by jobs. The alternative, traits with one implementation each, would say everything twice.

pub mod closing;
pub mod connection_post;
pub mod publish;

use aws_sdk_apigatewaymanagement::{
    Client, Config, config::retry::RetryConfig, error::DisplayErrorContext,
    operation::get_connection::GetConnectionError,
};
use queue::JobQueues;
use store::Store;

/// The connections and rooms of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RealtimeHub {
    client: Client,
    store: Store,
    queues: JobQueues,
}

impl RealtimeHub {
    /// `client` calls the management endpoint of our WebSocket API.
    pub const fn new(client: Client, store: Store, queues: JobQueues) -> Self {
        Self { client, store, queues }
    }

    /// Opens a connection to the management endpoint, so that the first post does not wait for it. Asks for a socket that does
    /// not exist.
    pub async fn warm(&self) {
        let without_retries = Config::builder().retry_config(RetryConfig::disabled());
        let request = self.client.get_connection().connection_id("none");
        match request.customize().config_override(without_retries).send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(GetConnectionError::is_gone_exception) => {}
            Err(error) => tracing::debug!(error = %DisplayErrorContext(error), "sockets do not respond yet"),
        }
    }
}
