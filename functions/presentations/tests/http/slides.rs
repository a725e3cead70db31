use futures::future::join_all;
use serde_json::json;

use crate::world::PresentationsWorld;

#[tokio::test]
async fn slides_are_created_moved_and_deleted() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let slides = format!("{talk}/slides");
    let made = ana.post(&slides, json!({"type": "question_choice"})).await.ok(201);
    assert_eq!(made["order_index"], 0);
    assert_eq!(made["content"]["options"][1]["id"], "opt2", "the default content of the type");
    let choice = made["id"].as_str().unwrap().to_owned();
    let question = json!({"type": "question_text", "content": {"question": "Why?", "surprise": 1}});
    let made = ana.post(&slides, question).await.ok(201);
    assert_eq!((&made["order_index"], &made["content"]["question"]), (&json!(1), &json!("Why?")));
    assert!(made["content"].get("surprise").is_none());
    let text = made["id"].as_str().unwrap().to_owned();

    let made = ana.post(&slides, json!({"type": "content", "order_index": 1})).await.ok(201);
    assert_eq!(made["order_index"], 1);
    let image = made["id"].as_str().unwrap().to_owned();
    let made = ana.post(&format!("{slides}/insert/0"), json!({"type": "summary"})).await.ok(201);
    let summary = made["id"].as_str().unwrap().to_owned();
    assert_eq!(ana.slide_order(&talk).await, [&summary, &choice, &image, &text].map(String::as_str));

    let copy = ana.send("POST", &format!("/v1/slides/{choice}/duplicate"), None).await.ok(201);
    assert_eq!(copy["order_index"], 2);
    assert_eq!(copy["content"], ana.get(&format!("/v1/slides/{choice}")).await.ok(200)["content"]);
    let copy_id = copy["id"].as_str().unwrap().to_owned();
    let reordered = json!({"slide_ids": [copy_id, summary, image, text, choice]});
    let reordered = ana.put(&format!("{slides}/reorder"), reordered).await.ok(200);
    assert_eq!(reordered["reordered"], 5);
    assert_eq!(reordered["slides"][4]["id"], choice);

    ana.delete(&format!("/v1/slides/{image}")).await.ok(204);
    assert_eq!(ana.slide_order(&talk).await, [&copy_id, &summary, &text, &choice].map(String::as_str));
    ana.get(&format!("/v1/slides/{image}")).await.refused(404, "RESOURCE_NOT_FOUND");
    ana.delete(&format!("/v1/slides/{image}")).await.refused(404, "RESOURCE_NOT_FOUND");
    let whole = ana.get(&talk).await.ok(200);
    assert_eq!((&whole["slide_count"], &whole["slides"][3]["order_index"]), (&json!(4), &json!(3)));
}

#[tokio::test]
async fn slides_change_type_content_and_position() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(ana.create_slide(&talk, "content").await);
    }
    let path = format!("/v1/slides/{}", ids[0]);
    let text = ana.put(&path, json!({"content": {"text": "Hello"}})).await.ok(200);
    assert_eq!(
        (&text["content"]["text"], &text["content"]["layout"]),
        (&json!("Hello"), &json!("text-only"))
    );
    let moved = ana.put(&path, json!({"order_index": 2})).await.ok(200);
    assert_eq!((&moved["order_index"], &moved["content"]["text"]), (&json!(2), &json!("Hello")));
    assert_eq!(ana.slide_order(&talk).await, [&ids[1], &ids[2], &ids[0]].map(String::as_str));
    let both = json!({"order_index": 0, "type": "question_text", "content": {"question": "Why?"}});
    let both = ana.put(&path, both).await.ok(200);
    assert_eq!(both, ana.get(&path).await.ok(200));
    assert_eq!((&both["order_index"], &both["type"]), (&json!(0), &json!("question_text")));
    let reset = ana.put(&path, json!({"type": "conclusion"})).await.ok(200);
    assert_eq!(reset["content"]["title"], "Key Takeaways");
    assert_eq!(ana.put(&path, json!({})).await.ok(200), reset);

    assert_eq!(
        ana.put(&path, json!({"order_index": 3, "type": "content"})).await.invalid_fields(),
        ["order_index"]
    );
    assert_eq!(ana.put(&path, json!({"content": {"title": 1}})).await.invalid_fields(), ["content.title"]);
    assert_eq!(ana.get(&path).await.ok(200), reset, "nothing changed");
}

#[tokio::test]
async fn twenty_concurrent_inserts_have_consecutive_positions() {
    insert_twenty_concurrently(PresentationsWorld::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_inserts_survive_throttling() {
    insert_twenty_concurrently(PresentationsWorld::with_chaos(7).await).await;
}

async fn insert_twenty_concurrently(world: PresentationsWorld) {
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let slides = format!("{talk}/slides");
    let made = join_all((0..20).map(|_| ana.post(&slides, json!({"type": "content"})))).await;
    let mut ids: Vec<String> =
        made.into_iter().map(|answer| answer.ok(201)["id"].as_str().unwrap().to_owned()).collect();
    let mut order = ana.slide_order(&talk).await;
    ids.sort();
    order.sort();
    assert_eq!(order, ids);
}

#[tokio::test]
async fn concurrent_changes_keep_positions_consecutive() {
    change_concurrently(PresentationsWorld::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_survive_throttling() {
    change_concurrently(PresentationsWorld::with_chaos(8).await).await;
}

async fn change_concurrently(world: PresentationsWorld) {
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let slides = format!("{talk}/slides");
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(ana.create_slide(&talk, "content").await);
    }
    let mut reversed = ids.clone();
    reversed.reverse();
    let insert = format!("{slides}/insert/1");
    let reorder = format!("{slides}/reorder");
    let first = format!("/v1/slides/{}", ids[0]);
    let last = format!("/v1/slides/{}", ids[5]);
    let duplicate = format!("{last}/duplicate");
    let (appended, inserted, reordered, deleted, moved, copied) = futures::join!(
        join_all((0..3).map(|_| ana.post(&slides, json!({"type": "content"})))),
        join_all((0..3).map(|_| ana.post(&insert, json!({"type": "content"})))),
        ana.put(&reorder, json!({"slide_ids": reversed})),
        ana.delete(&first),
        ana.put(&last, json!({"order_index": 0})),
        ana.send("POST", &duplicate, None),
    );
    for answer in appended.into_iter().chain(inserted).chain([copied]) {
        ids.push(answer.ok(201)["id"].as_str().unwrap().to_owned());
    }
    deleted.ok(204);
    moved.ok(200);
    // A concurrent change may have come first, and the request then names other slides than there are.
    assert!([200, 422].contains(&reordered.status), "{reordered:?}");
    ids.remove(0);
    ids.sort();
    let mut order = ana.slide_order(&talk).await;
    order.sort();
    assert_eq!(order, ids);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presentation_has_a_maximum_of_slides() {
    let world = PresentationsWorld::start().await;
    let ana = world.create_user().await;
    let talk = ana.create_presentation("Talk").await;
    let slides = format!("{talk}/slides");
    for _ in 0..10 {
        join_all((0..20).map(|_| ana.create_slide(&talk, "content"))).await;
    }
    let new = json!({"type": "content"});
    ana.post(&slides, new.clone()).await.refused(409, "LIMIT_REACHED");
    ana.post(&format!("{slides}/insert/0"), new.clone()).await.refused(409, "LIMIT_REACHED");
    let order = ana.slide_order(&talk).await;
    assert_eq!(order.len(), 200);
    let one = format!("/v1/slides/{}", order[7]);
    ana.send("POST", &format!("{one}/duplicate"), None).await.refused(409, "LIMIT_REACHED");
    let copy = ana.send("POST", &format!("{talk}/duplicate"), None).await.ok(201);
    assert_eq!(copy["slide_count"], 200);
    ana.delete(&one).await.ok(204);
    ana.post(&slides, new).await.ok(201);
    ana.delete(&talk).await.ok(204);
    ana.get(&format!("/v1/slides/{}", order[0])).await.refused(404, "RESOURCE_NOT_FOUND");
}
