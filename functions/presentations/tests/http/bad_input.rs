use serde_json::{Value, json};

use crate::world::PresentationsWorld;

#[tokio::test]
async fn invalid_fields_are_named() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let slide = ana.create_slide(&talk, "question_choice").await;
    let before = (ana.get(&talk).await.body, ana.get("/v1/presentations").await.body);

    let all = "/v1/presentations".to_owned();
    let one = talk.clone();
    let slides = format!("{talk}/slides");
    let this = format!("/v1/slides/{slide}");
    let reorder = format!("{slides}/reorder");
    let copy = format!("{talk}/duplicate");
    let choice =
        |options: Value| json!({"type": "question_choice", "content": {"question": "?", "options": options}});
    for (method, path, body, field) in [
        ("POST", &all, json!({}), "title"),
        ("POST", &all, json!({"title": ""}), "title"),
        ("POST", &all, json!({"title": "  "}), "title"),
        ("POST", &all, json!({"title": 1}), "title"),
        ("POST", &all, json!({"title": "x".repeat(201)}), "title"),
        ("POST", &all, json!({"title": "x", "description": "x".repeat(2001)}), "description"),
        ("POST", &all, json!({"title": "x", "speaker_notes": "x".repeat(50_001)}), "speaker_notes"),
        ("POST", &all, json!({"title": "x", "slug": "no"}), "slug"),
        ("POST", &all, json!({"title": "x", "slug": "not a slug"}), "slug"),
        ("PUT", &one, json!({"title": ""}), "title"),
        ("PUT", &one, json!({"title": "x".repeat(201)}), "title"),
        ("PUT", &one, json!({"description": "x".repeat(2001)}), "description"),
        ("PUT", &one, json!({"speaker_notes": "x".repeat(50_001)}), "speaker_notes"),
        ("PUT", &one, json!({"status": "gone"}), "status"),
        ("PUT", &one, json!({"slug": "Ä"}), "slug"),
        ("POST", &copy, json!({"new_title": ""}), "new_title"),
        ("POST", &copy, json!({"new_title": "x".repeat(201)}), "new_title"),
        ("POST", &slides, json!({}), "type"),
        ("POST", &slides, json!({"type": "film"}), "type"),
        ("POST", &slides, json!({"type": "content", "order_index": -1}), "order_index"),
        ("POST", &slides, json!({"type": "content", "order_index": 2}), "order_index"),
        ("POST", &slides, json!({"type": "content", "content": "text"}), "content"),
        (
            "POST",
            &slides,
            json!({"type": "content", "content": {"text": "x".repeat(10_001)}}),
            "content.text",
        ),
        ("POST", &slides, choice(json!([{"text": "a"}])), "content.options"),
        ("POST", &slides, choice(json!([{"text": "a"}, {"text": ""}])), "content.options[1].text"),
        ("POST", &format!("{slides}/insert/2"), json!({"type": "content"}), "position"),
        ("POST", &format!("{slides}/insert/-1"), json!({"type": "content"}), "position"),
        ("POST", &format!("{slides}/insert/x"), json!({"type": "content"}), "position"),
        ("POST", &format!("{slides}/insert/99999999999999999999"), json!({"type": "content"}), "position"),
        ("PUT", &this, json!({"type": "film"}), "type"),
        ("PUT", &this, json!({"order_index": 1}), "order_index"),
        ("PUT", &this, json!({"order_index": "1"}), "order_index"),
        ("PUT", &this, json!({"content": []}), "content"),
        ("PUT", &this, json!({"content": {"question": "?"}}), "content.options"),
        ("PUT", &reorder, json!({}), "slide_ids"),
        ("PUT", &reorder, json!({"slide_ids": []}), "slide_ids"),
        ("PUT", &reorder, json!({"slide_ids": ["x"]}), "slide_ids[0]"),
        ("PUT", &reorder, json!({"slide_ids": [slide, slide]}), "slide_ids[1]"),
        ("PUT", &reorder, json!({"slide_ids": vec![slide.clone(); 201]}), "slide_ids"),
    ] {
        let answer = ana.send(method, path, Some(body.to_string())).await;
        assert_eq!(answer.invalid_fields()[0], field, "{method} {path} {body}");
    }
    let stranger = uuid::Uuid::from_u128(7);
    let named = ana.put(&reorder, json!({"slide_ids": [slide, stranger]})).await.invalid_fields();
    assert_eq!(named, ["slide_ids[1]"]);
    let after = (ana.get(&talk).await.body, ana.get("/v1/presentations").await.body);
    assert_eq!(after, before, "nothing changed");
}

#[tokio::test]
async fn values_at_the_limit_are_accepted() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let most = json!({
        "title": "ä".repeat(200), "description": "ö".repeat(2000), "speaker_notes": "𝄞".repeat(50_000),
        "slug": "x".repeat(100),
    });
    let made = ana.post("/v1/presentations", most).await.ok(201);
    let path = format!("/v1/presentations/{}", made["id"].as_str().unwrap());
    let shown = ana.get(&path).await.ok(200);
    assert_eq!(shown["speaker_notes"].as_str().unwrap().chars().count(), 50_000);
    let copy = ana.send("POST", &format!("{path}/duplicate"), None).await.ok(201);
    assert_eq!(copy["title"].as_str().unwrap().chars().count(), 200);
}

#[tokio::test]
async fn unreadable_bodies_are_refused() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    for body in ["{", "", "title=x", "{\"title\": \"x\"", "nul"] {
        let answer = ana.send("POST", "/v1/presentations", Some(body.into())).await;
        assert!([400, 422].contains(&answer.status), "{body}: {answer:?}");
    }
    let huge = json!({"title": "x", "description": "x".repeat(600_000)}).to_string();
    ana.send("POST", "/v1/presentations", Some(huge)).await.refused(413, "PAYLOAD_TOO_LARGE");
    ana.send("PATCH", &talk, Some("{}".into())).await.refused(405, "METHOD_NOT_ALLOWED");
    ana.get("/v1/presentations/a/b/c/d").await.refused(404, "RESOURCE_NOT_FOUND");
}
