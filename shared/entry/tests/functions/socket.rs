use entry::socket::{ConnectionCache, SocketHandler, SocketMessage};
use lambda_runtime::Context;
use model::Error;
use protocol::command::SessionCommand;
use serde_json::json;
use store::realtime::connections::ConnectionIdentity;

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
    let user = world.clock.new_id();
    let identity =
        ConnectionIdentity::Account { user, login: world.create_login(user).await, presents: None };
    let mut socket = world.open_socket("c=", identity).await;
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
        let (frames, _) = socket.frames();
        assert_eq!(frames.len(), 1, "one answer to {kind}: {frames:?}");
        assert_eq!(frames[0]["payload"]["code"], code, "the answer to {kind}: {frames:?}");
    }
}
