//! The WebSocket API.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, protocol::CloseFrame},
};

use crate::stack::TestStack;

type TestWebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(stack: &TestStack, path_and_query: &str) -> TestWebSocket {
    let url = format!("{}{path_and_query}", stack.local.url().replace("http", "ws"));
    connect_async(url).await.unwrap().0
}

async fn next(client: &mut TestWebSocket) -> Message {
    tokio::time::timeout(Duration::from_secs(10), client.next()).await.unwrap().unwrap().unwrap()
}

async fn close_code(client: &mut TestWebSocket) -> u16 {
    match next(client).await {
        Message::Close(Some(CloseFrame { code, .. })) => code.into(),
        other => panic!("expected a close frame, got {other:?}"),
    }
}

async fn send(client: &mut TestWebSocket, message: &Value) {
    client.send(Message::text(message.to_string())).await.unwrap();
}

#[tokio::test]
async fn a_connection_runs_connect_and_disconnect() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/ws/s-1?token=a%2Bb&token=c").await;
    let event = stack.seen.socket("CONNECT").await;
    assert_eq!(event["queryStringParameters"], json!({"session_id": "s-1", "token": "c"}));
    assert_eq!(event["multiValueQueryStringParameters"]["token"], json!(["a+b", "c"]));
    assert_eq!(event["headers"]["upgrade"], "websocket");
    assert_eq!(event["multiValueHeaders"]["x-forwarded-for"], json!(["127.0.0.1"]));
    let context = &event["requestContext"];
    let id = context["connectionId"].as_str().unwrap();
    assert!(id.ends_with('='), "{id}");
    assert_eq!((&context["routeKey"], &context["stage"]), (&json!("$connect"), &json!("local")));
    assert_eq!(
        (&context["messageDirection"], &context["identity"]["sourceIp"]),
        (&json!("IN"), &json!("127.0.0.1"))
    );

    send(&mut client, &json!({"type": "echo", "text": "hello"})).await;
    assert_eq!(next(&mut client).await, Message::text("hello"));
    let event = stack.seen.socket("MESSAGE").await;
    assert_eq!(
        (&event["requestContext"]["routeKey"], &event["requestContext"]["connectionId"]),
        (&json!("echo"), &json!(id))
    );
    let body: serde_json::Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"text": "hello", "type": "echo"}));
    assert!(event["requestContext"]["messageId"].is_string());
    assert_eq!(stack.local.emulator().connections().ids(), [id]);

    client.close(Some(CloseFrame { code: 4001.into(), reason: "bye".into() })).await.unwrap();
    let event = stack.seen.socket("DISCONNECT").await;
    let context = &event["requestContext"];
    assert_eq!(
        (&context["disconnectStatusCode"], &context["disconnectReason"]),
        (&json!(4001), &json!("bye"))
    );
    stack.local.wait_until_idle().await;
    assert!(stack.local.emulator().connections().ids().is_empty());
}

#[tokio::test]
async fn events_deserialize_as_aws_lambda_events() {
    type Event = aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    send(&mut client, &json!({"type": "echo", "text": "x"})).await;
    client.close(None).await.unwrap();
    for kind in ["CONNECT", "MESSAGE", "DISCONNECT"] {
        let event: Event = serde_json::from_value(stack.seen.socket(kind).await).unwrap();
        assert_eq!(event.request_context.event_type.as_deref(), Some(kind));
        assert!(event.request_context.connection_id.is_some());
    }
}

#[tokio::test]
async fn the_connect_function_decides_the_handshake() {
    let stack = TestStack::start().await;
    for (asked, answered) in [("401", 401), ("403", 403), ("429", 429), ("throw", 500), ("302", 502)] {
        let url = format!("{}?refuse={asked}", stack.local.socket_url());
        match connect_async(url).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), answered, "{asked}"),
            other => panic!("{asked}: {other:?}"),
        }
    }
    stack.local.wait_until_idle().await;
    assert!(stack.local.emulator().connections().ids().is_empty());
    assert!(stack.seen.all().iter().all(|event| event["requestContext"]["eventType"] == "CONNECT"));
}

#[tokio::test]
async fn nothing_can_be_posted_inside_connect() {
    let stack = TestStack::start().await;
    // the function returns 200 only if its post was refused with 410
    drop(connect(&stack, "/local?post_early=yes").await);
}

#[tokio::test]
async fn a_subprotocol_is_echoed() {
    let stack = TestStack::start().await;
    let mut request = stack.local.socket_url().into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "chat, other".parse().unwrap());
    let (_client, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
}

#[tokio::test]
async fn messages_are_routed_by_type_and_errors_reported() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/v1/realtime/ws").await;
    send(&mut client, &json!({"type": "crash"})).await;
    let Message::Text(text) = next(&mut client).await else { panic!("no text") };
    let error: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(error["message"], "Internal server error");
    assert!(error["connectionId"].is_string() && error["requestId"].is_string() && !text.contains("secret"));
    client.send(Message::text("no JSON")).await.unwrap();
    let event = stack.seen.wait_for(|event| event["body"] == "no JSON").await;
    assert_eq!(event["requestContext"]["routeKey"], "$default");
}

#[tokio::test]
async fn messages_of_a_connection_run_concurrently() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    send(&mut client, &json!({"type": "echo", "text": "slow", "wait_ms": 300})).await;
    send(&mut client, &json!({"type": "echo", "text": "quick"})).await;
    assert_eq!(next(&mut client).await, Message::text("quick"));
    assert_eq!(next(&mut client).await, Message::text("slow"));
}

#[tokio::test]
async fn message_sizes_are_limited() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    client.send(Message::text("x".repeat(32 * 1024))).await.unwrap();
    stack.seen.socket("MESSAGE").await;
    // a frame above 32 KB
    client.send(Message::text("x".repeat(32 * 1024 + 1))).await.unwrap();
    assert_eq!(close_code(&mut client).await, 1009);

    let mut client = connect(&stack, "/local").await;
    client.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(close_code(&mut client).await, 1003);
    assert_eq!(stack.seen.all().iter().filter(|event| event["body"].is_string()).count(), 1);
}

#[tokio::test]
async fn a_message_in_frames_above_128_kb_is_refused() {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    let chunk = || vec![b'x'; 32 * 1024];
    for part in 0..5 {
        let kind = if part == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(chunk(), OpCode::Data(kind), false);
        client.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(close_code(&mut client).await, 1009);
}

#[tokio::test]
async fn idle_and_old_connections_are_closed() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    stack.local.clock().advance(Duration::from_mins(9));
    send(&mut client, &json!({"type": "echo", "text": "still here"})).await;
    assert_eq!(next(&mut client).await, Message::text("still here"));
    stack.local.clock().advance(Duration::from_mins(9));
    // a ping does not count as activity
    client.send(Message::Ping(Vec::new().into())).await.unwrap();
    assert!(matches!(next(&mut client).await, Message::Pong(_)));
    stack.local.clock().advance(Duration::from_mins(2));
    assert_eq!(close_code(&mut client).await, 1001);
    assert_eq!(stack.seen.socket("DISCONNECT").await["requestContext"]["disconnectStatusCode"], 1001);

    let mut client = connect(&stack, "/local").await;
    for _ in 0..13 {
        stack.local.clock().advance(Duration::from_mins(9));
        send(&mut client, &json!({"type": "echo", "text": "x"})).await;
        assert_eq!(next(&mut client).await, Message::text("x"));
    }
    // 121 minutes old, and not idle
    stack.local.clock().advance(Duration::from_mins(4));
    assert_eq!(close_code(&mut client).await, 1001);
}

#[tokio::test]
async fn chaos_drops_disconnects_and_cuts_sockets() {
    let stack = TestStack::with_options(|options| options.chaos = Some(7)).await;
    let mut opened = 0;
    let mut cut = 0;
    for _ in 0..40 {
        let mut client = connect(&stack, "/local").await;
        opened += 1;
        for _ in 0..10 {
            let _ = client.send(Message::text(json!({"type": "echo", "text": "x"}).to_string())).await;
            if !matches!(client.next().await, Some(Ok(Message::Text(_)))) {
                cut += 1;
                break;
            }
        }
        let _ = client.close(None).await;
    }
    stack.local.stop().await;
    let events = stack.seen.all();
    let disconnects =
        events.iter().filter(|event| event["requestContext"]["eventType"] == "DISCONNECT").count();
    assert!(disconnects < opened && disconnects > opened / 3, "{disconnects} of {opened}");
    assert!(cut > 0);
}

#[tokio::test]
async fn stop_closes_the_sockets() {
    let stack = TestStack::start().await;
    let mut client = connect(&stack, "/local").await;
    let reader = tokio::spawn(async move { close_code(&mut client).await });
    stack.local.stop().await;
    assert_eq!(reader.await.unwrap(), 1001);
    assert_eq!(stack.seen.socket("DISCONNECT").await["requestContext"]["disconnectStatusCode"], 1001);
}
