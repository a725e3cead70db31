use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::{Guest, Session};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
    ("ask_question", [401, 401, 401, 201, 401]),
    ("list_questions", [401, 404, 404, 200, 200]),
    ("ask_assistant", [401, 401, 401, 202, 401]),
    ("get_question", [401, 404, 404, 200, 200]),
    ("update_question", [401, 404, 404, 401, 200]),
    ("answer_question", [401, 404, 404, 401, 200]),
    ("upvote_question", [401, 401, 401, 204, 401]),
    ("withdraw_upvote", [401, 401, 401, 204, 401]),
];

/// Asks a question as the guest and returns its id.
pub(super) async fn ask_question(guest: &Guest, session: &Session) -> String {
    let asked = json!({ "question_text": "What do herons eat?" });
    let asked = guest.client.post(&format!("/v1/sessions/{}/questions", session.id), &asked).await.ok(201);
    asked["question_id"].as_str().unwrap().to_owned()
}

fn parameter<'s>(scene: &'s RouteScene, _: &str, name: &str) -> Option<&'s str> {
    (name == "question_id").then_some(&scene.question)
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    Some(RequestBody::Json(match operation {
        "ask_question" => json!({ "question_text": "Where do herons nest?" }),
        "ask_assistant" => json!({ "session_id": scene.session.id, "question": "Where do herons nest?" }),
        "update_question" => json!({ "is_pinned": true }),
        "answer_question" => json!({ "response_text": "Fish." }),
        _ => return None,
    }))
}
