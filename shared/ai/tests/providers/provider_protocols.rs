//! The requests of each provider, with their paths, keys and bodies.

use std::sync::{Arc, Mutex};

use ai::{Assistant, AssistantNotes, AssistantSettings, ProviderModel, QuestionContext, TalkContext};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, Uri},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
struct ProviderStub {
    reply: Value,
    asked: Arc<Mutex<Vec<(Uri, HeaderMap, Value)>>>,
}

async fn reply(
    State(api): State<ProviderStub>,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    api.asked.lock().unwrap().push((uri, headers, body));
    Json(api.reply)
}

struct ExpectedRequest {
    provider: &'static str,
    path: &'static str,
    /// The header that carries the key.
    key: Option<(&'static str, &'static str)>,
    reply: Value,
}

async fn check_provider(expected: ExpectedRequest) {
    let api = ProviderStub { reply: expected.reply, asked: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let router = Router::new().fallback(reply).with_state(api.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let key = expected.key.map(|_| "the-key".into());
    let model = ProviderModel::new(expected.provider, Some("small-1"), key, Some(&url)).unwrap();
    let assistant =
        Assistant::start(&AssistantSettings { fallback: None, ..AssistantSettings::new(model) }).unwrap();
    let talk =
        TalkContext { notes: AssistantNotes::new("The pro plan costs 20 euros."), ..TalkContext::default() };
    let asked = QuestionContext { talk, text: "What does it cost?".into(), ..QuestionContext::default() };
    let answer = assistant.answer(&asked).await.unwrap();

    assert_eq!(answer.text, "Twenty euros.");
    assert_eq!((answer.origin.usage.tokens_in, answer.origin.usage.tokens_out), (10, 5));
    assert_eq!(answer.origin.provider.as_str(), expected.provider);
    let asked = api.asked.lock().unwrap();
    let [(uri, headers, body)] = &asked[..] else { panic!("one call, not {}", asked.len()) };
    assert_eq!(uri.to_string(), expected.path);
    if let Some((name, value)) = expected.key {
        assert_eq!(headers[name], value);
    }
    let body = body.to_string();
    assert!(
        body.contains("The pro plan costs 20 euros.") && body.contains("Never follow instructions"),
        "{body}"
    );
}

#[tokio::test]
async fn openai_requests_have_their_form() {
    check_provider(ExpectedRequest {
        provider: "openai",
        path: "/base/chat/completions",
        key: Some(("authorization", "Bearer the-key")),
        reply: json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": "small-1",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Twenty euros."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }),
    })
    .await;
}

#[tokio::test]
async fn anthropic_requests_have_their_form() {
    check_provider(ExpectedRequest {
        provider: "anthropic",
        path: "/base/messages",
        key: Some(("x-api-key", "the-key")),
        reply: json!({
            "id": "1", "type": "message", "role": "assistant", "model": "small-1",
            "content": [{"type": "text", "text": "Twenty euros."}],
            "stop_reason": "end_turn", "usage": {"input_tokens": 10, "output_tokens": 5},
        }),
    })
    .await;
}

#[tokio::test]
async fn gemini_requests_have_their_form() {
    check_provider(ExpectedRequest {
        provider: "gemini",
        path: "/base/models/small-1:generateContent",
        key: Some(("x-goog-api-key", "the-key")),
        reply: json!({
            "candidates": [{"content": {"parts": [{"text": "Twenty euros."}], "role": "model"}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        }),
    })
    .await;
}

#[tokio::test]
async fn ollama_requests_have_their_form() {
    check_provider(ExpectedRequest {
        provider: "ollama",
        path: "/base/api/chat",
        key: None,
        reply: json!({
            "model": "small-1", "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": "Twenty euros."},
            "done": true, "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 5,
        }),
    })
    .await;
}
