use emulator::{ConnectionInfo, OutboundFrame};
use entry::socket::{ConnectionCache, SocketHandler, SocketMessage};
use lambda_runtime::Context;
use model::Error;
use protocol::command::SessionCommand;
use serde_json::{Value, json};
use store::realtime::connections::{self, Connection, ConnectionIdentity};
use tokio::sync::mpsc::unbounded_channel;

use crate::world::EntryWorld;

/// Refuses every message because of a field named `type`.
struct RefusingSocket;

impl SocketHandler for RefusingSocket {
    type Command = SessionCommand;

    async fn message(&self, _: SocketMessage<SessionCommand>) -> Result<(), Error> {
        Err(Error::field("type", "must be a type of slide"))
    }
}

#[tokio::test]
async fn an_unknown_type_has_its_own_error_code() {
    let world = EntryWorld::start().await;
    let now = world.clock.now();
    let identity = ConnectionIdentity::Account {
        user: world.clock.new_id(),
        login: world.clock.new_id(),
        presents: None,
    };
    let connection =
        Connection { id: "c=".into(), identity, display_name: None, connected_at: now, presents_since: None };
    connections::put(&world.app.store, &connection).await.unwrap();
    let (tx, mut rx) = unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: 0,
        last_active_ms: 0,
        source_ip: String::new(),
        user_agent: String::new(),
    };
    world.cloud.emulator.connections().register("c=", info, tx);
    world.cloud.emulator.connections().open("c=");
    let function = entry::socket::function(world.app.clone(), ConnectionCache::default(), RefusingSocket);
    for (kind, code) in [("dance", "unknown_type"), ("join", "invalid_request")] {
        let event = json!({
            "requestContext": {
                "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "c=", "requestId": "r",
                "connectedAt": 0, "requestTimeEpoch": 0, "domainName": "localhost", "apiId": "api",
                "stage": "live", "identity": {},
            },
            "body": json!({ "type": kind }).to_string(),
            "isBase64Encoded": false,
        });
        function.call(event, Context::default()).await.unwrap();
        let Some(OutboundFrame::Text(frame)) = rx.recv().await else { panic!("no answer to {kind}") };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(frame["payload"]["code"], code, "{frame}");
    }
}
