use serde_json::json;

use crate::world::PresentationsWorld;

#[tokio::test]
async fn a_presentation_is_created_published_and_deleted() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let new = json!({
        "title": "The First Talk!", "description": "About it", "speaker_notes": "Breathe.",
        "status": "archived", "owner": "someone", "speaker_id": "someone", "version": 9,
    });
    let made = ana.post("/v1/presentations", new).await.ok(201);
    assert_eq!(made["status"], "draft", "fields that a client cannot set are ignored");
    assert_eq!(made["version"], 1);
    assert!(made["slug"].as_str().unwrap().starts_with("the-first-talk-"), "{made}");
    let path = format!("/v1/presentations/{}", made["id"].as_str().unwrap());

    let shown = ana.get(&path).await.ok(200);
    assert_eq!(shown, made);
    assert_eq!(shown["speaker_notes"], "Breathe.");
    assert_eq!(shown["slides"], json!([]));
    for other in ["/api/v1", "/api"] {
        let same = ana.get(&format!("{}/", path.replacen("/v1", other, 1))).await.ok(200);
        assert_eq!(same, made, "{other}");
    }

    let changed = ana.put(&path, json!({"title": "Second", "status": "active"})).await.ok(200);
    assert_eq!((&changed["title"], &changed["status"]), (&json!("Second"), &json!("active")));
    assert_eq!(changed["description"], "About it", "missing fields stay unchanged");
    assert_eq!(changed["speaker_notes"], "Breathe.");
    assert_eq!(changed["slug"], made["slug"], "a title never changes the link");

    let cleared = json!({"title": null, "description": null, "speaker_notes": null, "status": null});
    let cleared = ana.put(&path, cleared).await.ok(200);
    assert_eq!((&cleared["title"], &cleared["status"]), (&json!("Second"), &json!("active")));
    assert_eq!((&cleared["description"], &cleared["speaker_notes"]), (&json!(null), &json!(null)));
    let before = ana.get(&path).await.ok(200);
    assert_eq!(before["speaker_notes"], json!(null));
    let after = ana.put(&path, json!({})).await.ok(200);
    assert_eq!(after["updated_at"], before["updated_at"], "an empty request changes nothing");

    ana.delete(&path).await.ok(204);
    ana.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    ana.put(&path, json!({"title": "x"})).await.refused(404, "RESOURCE_NOT_FOUND");
    ana.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(ana.get("/v1/presentations").await.ok(200), json!({"items": [], "next": null}));
}

#[tokio::test]
async fn the_public_link_shows_only_public_fields() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let new = json!({"title": "Talk", "speaker_notes": "a-secret-marker", "slug": "My-Talk"});
    let made = ana.post("/v1/presentations", new).await.ok(201);
    assert_eq!(made["slug"], "my-talk");
    let public = world.anonymous().get("/v1/presentations/slug/MY-TALK").await.ok(200);
    assert_eq!(public["title"], "Talk");
    let mut fields: Vec<&str> = public.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["created_at", "description", "id", "slide_count", "slug", "status", "title", "updated_at"]
    );

    for body in [json!({"title": "Other", "slug": "my-talk"}), json!({"title": "Other", "slug": " MY-talk "})]
    {
        ana.post("/v1/presentations", body).await.refused(409, "SLUG_TAKEN");
    }
    let other = ana.create_presentation("Other").await;
    ana.put(&other, json!({"slug": "my-talk"})).await.refused(409, "SLUG_TAKEN");
    let path = format!("/v1/presentations/{}", made["id"].as_str().unwrap());
    ana.put(&path, json!({"slug": "my-talk", "speaker_notes": "b"})).await.ok(200);
    let moved = ana.put(&path, json!({"slug": "new-talk", "title": "New"})).await.ok(200);
    assert_eq!((&moved["slug"], &moved["speaker_notes"]), (&json!("new-talk"), &json!("b")));
    let anonymous = world.anonymous();
    anonymous.get("/v1/presentations/slug/my-talk").await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(anonymous.get("/v1/presentations/slug/new-talk").await.ok(200)["title"], "New");
    ana.put(&other, json!({"slug": "my-talk"})).await.ok(200);
    ana.delete(&path).await.ok(204);
    anonymous.get("/v1/presentations/slug/new-talk").await.refused(404, "RESOURCE_NOT_FOUND");
    ana.post("/v1/presentations", json!({"title": "x", "slug": "new-talk"})).await.ok(201);
}

#[tokio::test]
async fn only_allowed_status_transitions_are_accepted() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let path = ana.create_presentation("Talk").await;
    let refused = ana.put(&path, json!({"status": "ended", "title": "Not"})).await;
    let refused = refused.refused(409, "INVALID_TRANSITION");
    assert!(refused["message"].as_str().unwrap().contains("draft"), "{refused}");
    let with_notes = json!({"status": "ended", "speaker_notes": "Not"});
    ana.put(&path, with_notes).await.refused(409, "INVALID_TRANSITION");
    let unchanged = ana.get(&path).await.ok(200);
    assert_eq!((&unchanged["title"], &unchanged["speaker_notes"]), (&json!("Talk"), &json!(null)));
    for status in ["draft", "active", "active", "ended", "active", "archived", "draft"] {
        assert_eq!(ana.put(&path, json!({"status": status})).await.ok(200)["status"], status, "{status}");
    }
    ana.put(&path, json!({"status": "archived"})).await.ok(200);
    ana.put(&path, json!({"status": "active"})).await.refused(409, "INVALID_TRANSITION");
}

#[tokio::test]
async fn lists_are_paged_by_cursor_or_page_number() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let ben = world.create_user().await;
    let mut paths = Vec::new();
    for n in 0..5 {
        paths.push(ana.create_presentation(&format!("Talk {n} on RÜST")).await);
    }
    ben.create_presentation("Not Ana's").await;
    ana.put(&paths[1], json!({"description": "Bicycles", "status": "active"})).await.ok(200);
    let titles = |list: &serde_json::Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["title"].as_str().unwrap()[..6].to_owned()).collect()
    };
    let first = ana.get("/v1/presentations?limit=2").await.ok(200);
    assert_eq!(titles(&first), ["Talk 1", "Talk 4"], "last changed first");
    assert!(first.get("total").is_none() && first["items"][0].get("speaker_notes").is_none());
    let next = format!("/v1/presentations?limit=2&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(titles(&ana.get(&next).await.ok(200)), ["Talk 3", "Talk 2"]);
    assert_eq!(ben.get(&next).await.invalid_fields(), ["cursor"], "a cursor of another user");

    let page = ana.get("/v1/presentations?page=2&page_size=2").await.ok(200);
    assert_eq!(titles(&page), ["Talk 3", "Talk 2"]);
    let numbers = ["total", "page", "page_size", "total_pages"].map(|name| page[name].as_u64().unwrap());
    assert_eq!(numbers, [5, 2, 2, 3]);
    assert_eq!(ana.get("/v1/presentations?page=9").await.ok(200)["items"], json!([]));

    for search in ["talk%201", "BICYCLES", "r%C3%BCst&status=active", "&status=active"] {
        let found = ana.get(&format!("/v1/presentations?search={search}")).await.ok(200);
        assert_eq!(titles(&found), ["Talk 1"], "{search}");
    }
    let found = ana.get("/v1/presentations?page=1&search=rüst&status=draft").await.ok(200);
    assert_eq!(found["total"], 4);
    for wrong in ["page=0", "page_size=0", "page_size=101", "limit=0", "limit=101", "cursor=x", "status=gone"]
    {
        assert_eq!(ana.get(&format!("/v1/presentations?{wrong}")).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn a_duplicate_is_independent() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let original = ana.create_presentation("Talk").await;
    ana.put(&original, json!({"speaker_notes": "Breathe.", "description": "D", "status": "active"}))
        .await
        .ok(200);
    let question = ana.create_slide(&original, "question_choice").await;
    let summary = json!({"type": "summary", "content": {"include_slides": [question]}});
    ana.post(&format!("{original}/slides"), summary).await.ok(201);

    let copy = ana.send("POST", &format!("{original}/duplicate"), None).await.ok(201);
    assert_eq!((&copy["title"], &copy["status"]), (&json!("Copy of Talk"), &json!("draft")));
    assert_eq!((&copy["speaker_notes"], &copy["description"]), (&json!("Breathe."), &json!("D")));
    let path = format!("/v1/presentations/{}", copy["id"].as_str().unwrap());
    assert_eq!(ana.get(&path).await.ok(200), copy);
    let [first, second] = ana.slide_order(&path).await.try_into().unwrap();
    assert_ne!(first, question);
    let slide = ana.get(&format!("/v1/slides/{second}")).await.ok(200);
    assert_eq!(slide["content"]["include_slides"], json!([first]), "references point to the copies");
    assert_eq!(slide["presentation_id"], copy["id"]);

    ana.delete(&original).await.ok(204);
    assert_eq!(ana.slide_order(&path).await.len(), 2);
    let named = ana.post(&format!("{path}/duplicate"), json!({"new_title": "Mine"})).await.ok(201);
    assert_eq!(named["title"], "Mine");
}

#[tokio::test]
async fn a_deleted_presentation_leaves_no_items() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let new = json!({"title": "marker-1", "description": "marker-2", "speaker_notes": "marker-3", "slug": "marker-4"});
    let made = ana.post("/v1/presentations", new).await.ok(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/presentations/{id}");
    for _ in 0..3 {
        let slide = json!({"type": "content", "content": {"text": "marker-5"}});
        ana.post(&format!("{path}/slides"), slide).await.ok(201);
    }
    assert_eq!(
        world.dump_table().await.matches("marker-").count(),
        11,
        "title and description also for the search"
    );
    ana.delete(&path).await.ok(204);
    let left = world.dump_table().await;
    assert!(!left.contains("marker-") && !left.contains(id), "{left}");
}

#[tokio::test]
async fn the_cost_of_one_presentation_is_constant() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let first = ana.create_presentation("Talk").await;
    let slide = ana.create_slide(&first, "content").await;
    let costs = async || {
        let mut costs = Vec::new();
        costs.push(ana.get(&first).await.header("x-colloquy-cost").to_owned());
        costs.push(ana.put(&first, json!({"title": "Talk"})).await.header("x-colloquy-cost").to_owned());
        costs.push(ana.get(&format!("/v1/slides/{slide}")).await.header("x-colloquy-cost").to_owned());
        costs.push(
            ana.put(&format!("/v1/slides/{slide}"), json!({"content": {"text": "x"}}))
                .await
                .header("x-colloquy-cost")
                .to_owned(),
        );
        costs.push(ana.get(&format!("{first}/slides")).await.header("x-colloquy-cost").to_owned());
        costs
    };
    let alone = costs().await;
    assert_eq!(
        alone[0], "requests=2; rru=1.5; wru=0",
        "the login session, and one query for the presentation"
    );
    for n in 0..40 {
        ana.create_presentation(&format!("Talk {n}")).await;
    }
    assert_eq!(costs().await, alone);
}
