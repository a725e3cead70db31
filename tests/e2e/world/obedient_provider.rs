//! A model provider on loopback with the protocol of Ollama. It obeys the last message: it returns the text of that message.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, response::IntoResponse, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) struct ObedientProvider {
    url: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl ObedientProvider {
    pub(crate) async fn start() -> Self {
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router = Router::new().route("/api/chat", post(complete_chat)).with_state(heard.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, requests: heard }
    }

    /// Returns the parameters of a deployment that uses this provider.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        [("ModelProvider", "ollama"), ("ModelUrl", self.url.as_str()), ("ModelName", "obedient")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    /// Returns the requests that it received.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("no test panics while it holds the lock").clone()
    }
}

async fn complete_chat(
    State(heard): State<Arc<Mutex<Vec<Value>>>>,
    Json(asked): Json<Value>,
) -> impl IntoResponse {
    let said = asked["messages"]
        .as_array()
        .and_then(|messages| messages.last())
        .and_then(|message| message["content"].as_str())
        .unwrap_or_default()
        .to_owned();
    let is_streamed = asked["stream"] != json!(false);
    heard.lock().expect("no test panics while it holds the lock").push(asked);
    let piece = |content: &str, done: bool| {
        json!({
            "model": "obedient",
            "created_at": "2026-01-01T00:00:00Z",
            "message": { "role": "assistant", "content": content },
            "done": done,
            "done_reason": if done { json!("stop") } else { Value::Null },
            "prompt_eval_count": 1000,
            "eval_count": 100,
        })
    };
    if !is_streamed {
        return piece(&said, true).to_string();
    }
    let pieces = said.split_inclusive(' ').map(|word| piece(word, false)).chain([piece("", true)]);
    pieces.map(|piece| piece.to_string()).collect::<Vec<_>>().join("\n")
}
