use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{User, World, users::choice_slide};

/// Returns the ids of a presentation's slides, in order. Their indexes must agree.
async fn order(ana: &User, presentation: &str) -> Vec<String> {
    let listed = ana.client.get(&format!("/v1/presentations/{presentation}/slides")).await.ok(200);
    let slides = listed["items"].as_array().expect("items");
    for (index, slide) in slides.iter().enumerate() {
        assert_eq!(slide["order_index"], index, "{listed}");
    }
    assert_eq!(listed["total"], slides.len());
    slides.iter().map(id).collect()
}

fn id(slide: &Value) -> String {
    slide["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slides_stay_in_order() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(0).await.id;
    let path = format!("/v1/presentations/{presentation}/slides");

    // twenty slides are appended concurrently
    let bodies: Vec<_> = (0..20).map(|number| choice_slide(number, false)).collect();
    let made = join_all(bodies.iter().map(|body| ana.client.post(&path, body))).await;
    let mut indexes: Vec<_> =
        made.iter().map(|answer| answer.ok(201)["order_index"].as_u64().unwrap()).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..20).collect::<Vec<_>>(), "each response has its own index");
    let slides = order(&ana, &presentation).await;
    assert_eq!(slides.len(), 20);

    // slides are inserted, moved, duplicated and deleted concurrently
    let (inserting, bodies) =
        (format!("{path}/insert/0"), [choice_slide(30, false), choice_slide(31, false)]);
    let delete: Vec<_> = slides[..5].iter().map(|slide| format!("/v1/slides/{slide}")).collect();
    let double = format!("/v1/slides/{}/duplicate", slides[10]);
    let moved = format!("/v1/slides/{}", slides[19]);
    let first = json!({ "order_index": 0 });
    let (inserted, deleted, doubled, shifted) = tokio::join!(
        join_all(bodies.iter().map(|body| ana.client.post(&inserting, body))),
        join_all(delete.iter().map(|path| ana.client.delete(path))),
        ana.client.post(&double, &Value::Null),
        ana.client.put(&moved, &first),
    );
    for (answers, status) in [(&inserted, 201), (&deleted, 204)] {
        for answer in answers {
            answer.ok(status);
        }
    }
    let twin = id(&doubled.ok(201));
    shifted.ok(200);
    let slides_now = order(&ana, &presentation).await;
    assert_eq!(slides_now.len(), 20 + 2 - 5 + 1);
    let place =
        |slide: &String| slides_now.iter().position(|other| other == slide).expect("the slide exists");
    assert!(place(&twin) > place(&slides[10]), "a duplicate follows its original");

    // the order is reversed; an invalid set is refused and changes nothing
    let mut reversed = slides_now.clone();
    reversed.reverse();
    let reorder = format!("{path}/reorder");
    let answer = ana.client.put(&reorder, &json!({ "slide_ids": reversed })).await.ok(200);
    assert_eq!(answer["reordered"], 18);
    assert_eq!(order(&ana, &presentation).await, reversed);
    let doubled = [&reversed[..], &reversed[..1]].concat();
    for (name, wrong) in
        [("a slide is missing", &reversed[1..]), ("a slide appears twice", &doubled), ("no slides", &[])]
    {
        let answer = ana.client.put(&reorder, &json!({ "slide_ids": wrong })).await;
        assert!([400, 422].contains(&answer.status), "{name}: {} {}", answer.status, answer.text);
    }
    assert_eq!(order(&ana, &presentation).await, reversed);
    let far = ana.client.post(&format!("{path}/insert/99"), &choice_slide(1, false)).await;
    assert!([400, 422].contains(&far.status), "{}: {}", far.status, far.text);
    assert_eq!(order(&ana, &presentation).await.len(), 18);
}
