//! Rooms. (being built)
use aws_sdk_apigatewaymanagement::Client;
use queue::Queues;
use store::Store;

#[derive(Clone, Debug)]
pub struct Rooms { client: Client, store: Store, queues: Queues }
impl Rooms { pub const fn new(client: Client, store: Store, queues: Queues) -> Self { Self { client, store, queues } } }
