use serde_json::json;

use super::CostTable;
use crate::world::{Guest, Session, User, World};

pub(super) async fn measure(world: &World, table: &mut CostTable, ana: &User, session: &Session, bo: &Guest) {
    let questions = format!("/v1/sessions/{}/questions", session.id);
    let asked = json!({ "question_text": "Where do herons nest?" });
    let asked = bo.client.post(&questions, &asked).await.ok(201);
    table.add_request("ask a question, the first of a session", "/questions");
    world.wait_for_jobs().await;
    let question = asked["question_id"].as_str().unwrap();
    bo.client.put(&format!("{questions}/{question}/upvote"), &json!({})).await.ok(204);
    table.add_request("up-vote a question", "/upvote");
    world.wait_for_jobs().await;
    bo.client.get(&questions).await.ok(200);
    table.add_request("list 1 question", "/questions");
    let answer = json!({ "response_text": "In high trees." });
    ana.client.post(&format!("{questions}/{question}/answer"), &answer).await.ok(200);
    table.add_request("answer a question", "/answer");
}
