//! Who is connected where, and telling them. The only crate that posts to sockets.
//!
//! | module | what |
//! | --- | --- |
//! | [`connection_post`] | one frame to one connection, and closing it |
//! | [`publish`] | an event to a room: directly up to a hundred connections, by shards of `worker-broadcast` above |
//! | [`presence`] | entering and leaving a room, and what others are told of it |
//! | [`team`] | who of the team is there |
//!
//! This crate stands on `store` and `queue`, as no other ability does on another: a room *is* rows of the table, and a
//! large one is told by jobs. The alternative, traits with one implementation each, would say everything twice.

pub mod connection_post;
pub mod presence;
pub mod publish;
pub mod team_presence;

use aws_sdk_apigatewaymanagement::{
    Client, Config, config::retry::RetryConfig, error::DisplayErrorContext,
    operation::get_connection::GetConnectionError,
};
use queue::JobQueues;
use store::Store;

/// The rooms of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RealtimeHub {
    client: Client,
    store: Store,
    queues: JobQueues,
}

impl RealtimeHub {
    /// `client` speaks to the management endpoint of our WebSocket API.
    pub const fn new(client: Client, store: Store, queues: JobQueues) -> Self {
        Self { client, store, queues }
    }

    /// Opens a connection to the management endpoint, so that the first post need not: asks after a socket that is none.
    pub async fn warm(&self) {
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let asking = self.client.get_connection().connection_id("none");
        match asking.customize().config_override(once).send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(GetConnectionError::is_gone_exception) => {}
            Err(error) => tracing::debug!(error = %DisplayErrorContext(error), "sockets do not answer yet"),
        }
    }
}
