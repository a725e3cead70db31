use cloud::{ConnectionInfo, Outbound};
use entry::socket::{Known, Message, Socket};
use lambda_runtime::Context;
use model::Error;
use protocol::command::SessionCommand;
use serde_json::{Value, json};
use store::connections::{self, Connection, Identity};
use tokio::sync::mpsc::unbounded_channel;

use crate::world::World;

/// Takes no message, for a reason that has to do with a field of its own.
struct Picky;

impl Socket for Picky {
    type Command = SessionCommand;

    async fn message(&self, _: Message<SessionCommand>) -> Result<(), Error> {
        Err(Error::field("type", "is not a type of slide"))
    }
}

#[tokio::test]
async fn an_unknown_type_has_a_code_of_its_own_and_a_wrong_field_has_not() {
    let world = World::start().await;
    let now = world.clock.now();
    let identity = Identity::Account { user: world.clock.id(), login: world.clock.id(), presents: None };
    let connection =
        Connection { id: "c=".into(), identity, display_name: None, connected_at: now, presents_since: None };
    connections::open(&world.app.store, &connection).await.unwrap();
    let (tx, mut rx) = unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: 0,
        last_active_ms: 0,
        source_ip: String::new(),
        user_agent: String::new(),
    };
    world.bench.cloud.connections().register("c=", info, tx);
    world.bench.cloud.connections().open("c=");
    let door = entry::socket::door(world.app.clone(), Known::default(), Picky);
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
        door.call(event, Context::default()).await.unwrap();
        let Some(Outbound::Text(frame)) = rx.recv().await else { panic!("no answer to {kind}") };
        let frame: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(frame["payload"]["code"], code, "{frame}");
    }
}
