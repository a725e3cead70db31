//! A stub of `OpenAI`'s chat API, plain and streamed.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The provider's reaction to a call. The last one repeats for all further calls.
#[derive(Clone)]
pub(crate) enum StubAction {
    Say(String),
    /// Repeats the whole user text.
    Echo,
    Fail(u16),
    Redirect(u16, String),
    Nonsense,
    Hang,
    /// Streams this text, then keeps the connection open without an end.
    Stall(String),
}

pub(crate) struct StubRequest {
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

pub(crate) struct ScriptedProvider {
    pub(crate) url: String,
    seen: Arc<StubState>,
}

struct StubState {
    actions: Vec<StubAction>,
    requests: Mutex<Vec<Arc<StubRequest>>>,
}

impl ScriptedProvider {
    pub(crate) async fn start(acts: impl IntoIterator<Item = StubAction>) -> Self {
        let seen = Arc::new(StubState { actions: acts.into_iter().collect(), requests: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/chat/completions", post(complete)).with_state(seen.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    pub(crate) fn requests(&self) -> Vec<Arc<StubRequest>> {
        self.seen.requests.lock().unwrap().clone()
    }
}

async fn complete(
    State(seen): State<Arc<StubState>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let authorization = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
    let act = {
        let mut requests = seen.requests.lock().unwrap();
        requests.push(Arc::new(StubRequest { authorization, body: body.clone() }));
        seen.actions[(requests.len() - 1).min(seen.actions.len() - 1)].clone()
    };
    let streamed = body["stream"] == json!(true);
    match act {
        StubAction::Say(text) => completion_response(&text, streamed, false),
        StubAction::Echo => {
            completion_response(body["messages"][1]["content"].as_str().unwrap(), streamed, false)
        }
        StubAction::Stall(text) => completion_response(&text, true, true),
        StubAction::Fail(status) => {
            let body = Json(json!({"error": {"message": "no", "type": "stub"}}));
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        StubAction::Redirect(status, to) => {
            let to = format!("{to}/chat/completions");
            (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, to)]).into_response()
        }
        StubAction::Nonsense => Json(json!({"hello": "world"})).into_response(),
        StubAction::Hang => pending().await,
    }
}

fn completion_response(text: &str, streamed: bool, stalls: bool) -> Response {
    let usage = json!({"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100});
    let head = json!({"id": "c1", "created": 1, "model": "gpt-4o-mini"});
    let chunk = |fields: Value| {
        let mut chunk = head.clone();
        chunk.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        chunk
    };
    if !streamed {
        let message = json!({"role": "assistant", "content": text});
        let choices = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
        return Json(chunk(json!({"object": "chat.completion", "choices": choices, "usage": usage})))
            .into_response();
    }
    let piece = |delta: Value, finish: Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        chunk(json!({"object": "chat.completion.chunk", "choices": choices}))
    };
    let mut chunks: Vec<Value> =
        text.split_inclusive(' ').map(|word| piece(json!({"content": word}), Value::Null)).collect();
    if !stalls {
        chunks.push(piece(json!({}), json!("stop")));
        chunks.push(chunk(json!({"object": "chat.completion.chunk", "choices": [], "usage": usage})));
    }
    let mut events: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    if !stalls {
        events.push("data: [DONE]\n\n".into());
    }
    let events = stream::iter(events.into_iter().map(|event| Ok::<_, Infallible>(Bytes::from(event))));
    let body =
        if stalls { Body::from_stream(events.chain(stream::pending())) } else { Body::from_stream(events) };
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
