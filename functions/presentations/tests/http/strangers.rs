use serde_json::json;

use crate::world::PresentationsWorld;

/// Returns every operation on one presentation or slide.
fn operations(talk: &str, slide: &str) -> Vec<(&'static str, String, serde_json::Value)> {
    vec![
        ("GET", talk.to_owned(), json!(null)),
        ("PUT", talk.to_owned(), json!({"title": "Mine"})),
        ("PUT", talk.to_owned(), json!({"speaker_notes": "Mine", "slug": "mine"})),
        ("PUT", talk.to_owned(), json!({})),
        ("DELETE", talk.to_owned(), json!(null)),
        ("POST", format!("{talk}/duplicate"), json!({})),
        ("GET", format!("{talk}/slides"), json!(null)),
        ("POST", format!("{talk}/slides"), json!({"type": "content"})),
        ("POST", format!("{talk}/slides"), json!({"type": "content", "order_index": 0})),
        ("POST", format!("{talk}/slides/insert/0"), json!({"type": "content"})),
        ("PUT", format!("{talk}/slides/reorder"), json!({"slide_ids": [uuid::Uuid::from_u128(7)]})),
        ("GET", slide.to_owned(), json!(null)),
        ("PUT", slide.to_owned(), json!({"content": {}})),
        ("PUT", slide.to_owned(), json!({"order_index": 0})),
        ("DELETE", slide.to_owned(), json!(null)),
        ("POST", format!("{slide}/duplicate"), json!({})),
    ]
}

#[tokio::test]
async fn presentations_of_others_are_not_found() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let ben = world.create_user().await;
    let anonymous = world.anonymous();
    let talk = ana.create_presentation("Talk").await;
    let slide = format!("/v1/slides/{}", ana.create_slide(&talk, "content").await);
    let before = world.dump_table().await;
    for (method, path, body) in operations(&talk, &slide) {
        let body = (!body.is_null()).then(|| body.to_string());
        anonymous.send(method, &path, body.clone()).await.refused(401, "UNAUTHORIZED");
        ben.send(method, &path, body).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    anonymous.get("/v1/presentations").await.refused(401, "UNAUTHORIZED");
    anonymous.post("/v1/presentations", json!({"title": "x"})).await.refused(401, "UNAUTHORIZED");
    let after = world.dump_table().await;
    assert_eq!(after.len(), before.len(), "nothing changed");

    let unknown = uuid::Uuid::from_u128(7);
    for id in [unknown.to_string(), "x".into(), "%20".into(), "1".repeat(200)] {
        for (method, path, body) in
            operations(&format!("/v1/presentations/{id}"), &format!("/v1/slides/{id}"))
        {
            let body = (!body.is_null()).then(|| body.to_string());
            ana.send(method, &path, body).await.refused(404, "RESOURCE_NOT_FOUND");
        }
    }
    for slug in ["unknown-talk", "x", "-", "%00"] {
        anonymous.get(&format!("/v1/presentations/slug/{slug}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
}
