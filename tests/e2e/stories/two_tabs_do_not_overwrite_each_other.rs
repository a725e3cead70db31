use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ApiClient, ApiResponse, Teammate, World};

async fn send(
    client: &ApiClient,
    (method, path): (&str, &str),
    tag: Option<&str>,
    body: Option<&Value>,
) -> ApiResponse {
    let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let request = if let Some(tag) = tag { request.header("if-match", tag) } else { request };
    let request = if let Some(body) = body { request.json(body) } else { request };
    request.send().await
}

fn tag(response: &ApiResponse) -> String {
    response.header("etag").unwrap_or_else(|| panic!("no ETag: {}", response.text)).to_owned()
}

async fn read(client: &ApiClient, path: &str) -> (Value, String) {
    let response = client.get(path).await;
    (response.ok(200), tag(&response))
}

#[tokio::test]
async fn two_tabs_do_not_overwrite_each_other() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let talk = ana.create_presentation(0).await;
    let text = |text: &str| json!({ "type": "content", "content": { "text": text } });
    let slides = format!("/v1/presentations/{}/slides", talk.id);
    let slide = ana.client.post(&slides, &text("Herons")).await.ok(201);
    let path = format!("/v1/slides/{}", slide["id"].as_str().expect("an id"));

    // both tabs show the same slide
    let (_, first) = read(&ana.client, &path).await;
    let (_, second) = read(&ana.client, &path).await;
    assert_eq!(first, second);
    let saved = send(&ana.client, ("PUT", &path), Some(&first), Some(&text("Herons nest"))).await;
    assert_eq!(saved.ok(200)["content"]["text"], "Herons nest");
    let lost = send(&ana.client, ("PUT", &path), Some(&second), Some(&text("Herons fish"))).await;
    let refused = lost.refused(412, "PRECONDITION_FAILED");
    let message = refused["message"].as_str().expect("a message");
    assert!(message.contains("read it again"), "{message}");

    // the second tab reads the slide again, and its change is applied to what the first one wrote
    let (now, fresh) = read(&ana.client, &path).await;
    assert_eq!((&now["content"]["text"], &fresh), (&json!("Herons nest"), &tag(&saved)));
    let merged = send(&ana.client, ("PUT", &path), Some(&fresh), Some(&text("Herons nest and fish"))).await;
    assert_eq!(merged.ok(200)["content"]["text"], "Herons nest and fish");
    // a client that sends no condition overwrites, as before
    send(&ana.client, ("PUT", &path), None, Some(&text("Otters"))).await.ok(200);
}

/// A change of a resource, with the body of a change that is visible in `read`.
struct Change {
    operation: &'static str,
    method: &'static str,
    path: String,
    body: Option<Value>,
    /// The path whose `ETag` is the condition.
    resource: String,
    status: u16,
}

/// Makes the resources of a change. Each change gets its own, because some delete what they change.
async fn make_change(world: &World, operation: &'static str) -> (Teammate, Change) {
    let ana = world.teammate("ana").await;
    let change = |method, path: String, body, resource: String, status| Change {
        operation,
        method,
        path,
        body,
        resource,
        status,
    };
    let made = match operation {
        "update_slide"
        | "delete_slide"
        | "reorder_slides"
        | "update_presentation"
        | "delete_presentation" => {
            let talk = ana.create_presentation(2).await;
            let presentation = format!("/v1/presentations/{}", talk.id);
            let slide = format!("/v1/slides/{}", talk.slides[0].id);
            match operation {
                "update_slide" => {
                    let body = json!({ "type": "content", "content": { "text": "new" } });
                    change("PUT", slide.clone(), Some(body), slide, 200)
                }
                "delete_slide" => change("DELETE", slide.clone(), None, slide, 204),
                "reorder_slides" => {
                    let body = json!({ "slide_ids": [talk.slides[1].id, talk.slides[0].id] });
                    change("PUT", format!("{presentation}/slides/reorder"), Some(body), presentation, 200)
                }
                "update_presentation" => {
                    let body = json!({ "title": "new" });
                    change("PUT", presentation.clone(), Some(body), presentation, 200)
                }
                _ => change("DELETE", presentation.clone(), None, presentation, 204),
            }
        }
        "update_channel" | "put_channel" | "archive_channel" | "unarchive_channel" | "delete_channel" => {
            let channel = format!("/v1/channels/{}", ana.create_public_channel().await.id);
            let described = Some(json!({ "description": "new" }));
            match operation {
                "update_channel" => change("PATCH", channel.clone(), described, channel, 200),
                "put_channel" => change("PUT", channel.clone(), described, channel, 200),
                "archive_channel" => change("POST", format!("{channel}/archive"), None, channel, 200),
                "unarchive_channel" => {
                    ana.client.post(&format!("{channel}/archive"), &json!({})).await.ok(200);
                    change("POST", format!("{channel}/unarchive"), None, channel, 200)
                }
                _ => change("DELETE", channel.clone(), None, channel, 204),
            }
        }
        "update_me" | "update_user" | "delete_me" => {
            let me = "/v1/users/me".to_owned();
            let named = Some(json!({ "organization": "new" }));
            match operation {
                "update_me" => change("PATCH", me.clone(), named, me, 200),
                "update_user" => change("PUT", format!("/v1/users/{}", ana.id), named, me, 200),
                _ => change("DELETE", me.clone(), Some(json!({ "password": ana.password })), me, 204),
            }
        }
        other => panic!("{other} takes If-Match, and this story does not know it"),
    };
    (ana, made)
}

/// Changes the resource, so that older tags are stale.
async fn change_from_another_tab(ana: &Teammate, resource: &str) {
    let body = match resource {
        slide if slide.starts_with("/v1/slides/") => {
            json!({ "type": "content", "content": { "text": "other" } })
        }
        channel if channel.starts_with("/v1/channels/") => {
            // an archived channel cannot be described
            let unarchived = ana.client.post(&format!("{channel}/unarchive"), &json!({})).await.ok(200);
            assert_eq!(unarchived["archived_at"], Value::Null);
            json!({ "description": "other" })
        }
        "/v1/users/me" => {
            ana.client.patch(resource, &json!({ "name": "Other" })).await.ok(200);
            return;
        }
        _ => json!({ "title": "other" }),
    };
    ana.client.put(resource, &body).await.ok(200);
}

/// The operations that take `If-Match`.
const KNOWN: [&str; 13] = [
    "archive_channel",
    "delete_channel",
    "delete_me",
    "delete_presentation",
    "delete_slide",
    "put_channel",
    "reorder_slides",
    "unarchive_channel",
    "update_channel",
    "update_me",
    "update_presentation",
    "update_slide",
    "update_user",
];

/// Every operation that takes `If-Match`, by the API document.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_with_a_stale_tag_is_refused() {
    let world = World::start().await;
    let document: Value = serde_json::from_str(include_str!("../../../infra/openapi.json")).unwrap();
    let paths = document["paths"].as_object().expect("paths").values();
    let operations = paths.flat_map(|methods| methods.as_object().expect("methods").values());
    let conditional: BTreeSet<&str> = operations
        .filter(|operation| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.into_iter().any(|parameter| parameter["name"] == "If-Match")
        })
        .map(|operation| operation["operationId"].as_str().expect("an operationId"))
        .collect();
    assert_eq!(conditional, BTreeSet::from(KNOWN));
    for operation in KNOWN {
        let (ana, change) = make_change(&world, operation).await;
        let Change { operation, method, path, body, resource, status } = &change;
        let (_, stale) = read(&ana.client, resource).await;
        change_from_another_tab(&ana, resource).await;
        let (before, fresh) = read(&ana.client, resource).await;
        assert_ne!(stale, fresh, "{operation}");
        for useless in [stale.as_str(), &format!("W/{fresh}"), "\"other-1\"", &format!("{stale}, \"x\"")] {
            let refused = send(&ana.client, (method, path), Some(useless), body.as_ref()).await;
            refused.refused(412, "PRECONDITION_FAILED");
        }
        for malformed in ["slide-1", "", "\"a", "*, \"a\""] {
            let refused = send(&ana.client, (method, path), Some(malformed), body.as_ref()).await;
            refused.refused(400, "MALFORMED_REQUEST");
        }
        assert_eq!(read(&ana.client, resource).await, (before, fresh.clone()), "{operation} changed nothing");

        // a list with the current tag
        let both = format!("{stale}, {fresh}");
        let changed = send(&ana.client, (method, path), Some(&both), body.as_ref()).await;
        assert_eq!(changed.status, *status, "{operation}: {}", changed.text);
        if *status == 204 {
            assert_ne!(ana.client.get(resource).await.status, 200, "{operation}");
        } else {
            let after = read(&ana.client, resource).await.1;
            assert_eq!(tag(&changed), after, "{operation}: the response has the new tag");
        }
    }
}

#[tokio::test]
async fn any_version_is_changed_with_a_star() {
    let world = World::start().await;
    for operation in ["update_slide", "update_presentation", "update_channel", "update_me", "delete_slide"] {
        let (ana, Change { method, path, body, resource, status, .. }) = make_change(&world, operation).await;
        change_from_another_tab(&ana, &resource).await;
        let changed = send(&ana.client, (method, &path), Some("*"), body.as_ref()).await;
        assert_eq!(changed.status, status, "{operation}: {}", changed.text);
    }
    // what does not exist is not found, and what belongs to others does not show its version
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let talk = ana.create_presentation(1).await;
    for path in [format!("/v1/slides/{}", talk.slides[0].id), format!("/v1/presentations/{}", talk.id)] {
        for tag in ["*", "\"slide-1\"", "\"slide-9\""] {
            let refused = send(&bo.client, ("DELETE", &path), Some(tag), None).await;
            refused.refused(404, "RESOURCE_NOT_FOUND");
        }
    }
}

/// Ten tabs save concurrently what they changed in the same version. One of them wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_changes_with_one_tag_one_wins() {
    let world = World::start().await;
    for operation in ["update_slide", "update_presentation", "update_channel", "update_me", "reorder_slides"]
    {
        let (ana, Change { method, path, body, resource, .. }) = make_change(&world, operation).await;
        let (before, tag) = read(&ana.client, &resource).await;
        let tabs = (0..10).map(|tab| {
            let body = match operation {
                "update_slide" => json!({ "type": "content", "content": { "text": format!("tab {tab}") } }),
                // its own fields in one write, and the notes in a transaction
                "update_presentation" if tab % 2 == 0 => json!({ "title": format!("tab {tab}") }),
                "update_presentation" => json!({ "speaker_notes": format!("tab {tab}") }),
                "update_channel" => json!({ "description": format!("tab {tab}") }),
                "update_me" if tab % 2 == 0 => json!({ "organization": format!("tab {tab}") }),
                "update_me" => json!({ "name": format!("tab {tab}") }),
                _ => body.clone().expect("a body"),
            };
            let (ana, path, tag) = (&ana, &path, &tag);
            async move { send(&ana.client, (method, path), Some(tag), Some(&body)).await }
        });
        let answers = join_all(tabs).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let won: Vec<&ApiResponse> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "{operation}: {statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 9, "{operation}: {statuses:?}");
        let (after, now) = read(&ana.client, &resource).await;
        assert_eq!(self::tag(won[0]), now, "{operation}");
        assert_ne!(after, before, "{operation}");
    }
}

/// The tag of a whole does not change with a part that has a tag of its own.
#[tokio::test]
async fn two_people_edit_two_slides() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let talk = ana.create_presentation(2).await;
    let presentation = format!("/v1/presentations/{}", talk.id);
    let paths = [0, 1].map(|index| format!("/v1/slides/{}", talk.slides[index].id));
    let (_, whole) = read(&ana.client, &presentation).await;
    let (_, first) = read(&ana.client, &paths[0]).await;
    let (_, second) = read(&ana.client, &paths[1]).await;
    let text = json!({ "type": "content", "content": { "text": "new" } });
    send(&ana.client, ("PUT", &paths[0]), Some(&first), Some(&text)).await.ok(200);
    send(&ana.client, ("PUT", &paths[1]), Some(&second), Some(&text)).await.ok(200);
    assert_eq!(read(&ana.client, &presentation).await.1, whole, "the content of slides is not its own");

    // a new order, a new slide and a deleted slide are changes of the presentation, and not of the other slides
    let (_, second) = read(&ana.client, &paths[1]).await;
    let mut tags = vec![whole];
    let order = json!({ "slide_ids": [talk.slides[1].id, talk.slides[0].id] });
    ana.client.put(&format!("{presentation}/slides/reorder"), &order).await.ok(200);
    tags.push(read(&ana.client, &presentation).await.1);
    let inserted = ana.client.post(&format!("{presentation}/slides/insert/0"), &text).await;
    let inserted_path = format!("/v1/slides/{}", inserted.ok(201)["id"].as_str().expect("an id"));
    assert_eq!(tag(&inserted), read(&ana.client, &inserted_path).await.1);
    tags.push(read(&ana.client, &presentation).await.1);
    ana.client.post(&format!("{presentation}/slides"), &text).await.ok(201);
    tags.push(read(&ana.client, &presentation).await.1);
    ana.client.delete(&inserted_path).await.ok(204);
    tags.push(read(&ana.client, &presentation).await.1);
    let moved = json!({ "order_index": 0 });
    let (_, last) = read(&ana.client, &paths[0]).await;
    let moved = send(&ana.client, ("PUT", &paths[0]), Some(&last), Some(&moved)).await;
    assert_eq!((&moved.ok(200)["order_index"], tag(&moved)), (&json!(0), last));
    tags.push(read(&ana.client, &presentation).await.1);
    let distinct: BTreeSet<&String> = tags.iter().collect();
    assert_eq!(distinct.len(), tags.len(), "{tags:?}");
    assert_eq!(read(&ana.client, &paths[1]).await.1, second, "its own type and content are the same");
}

/// Pages of other origins read the tag and send it back.
#[tokio::test]
async fn pages_of_other_origins_can_use_tags() {
    let Some(world) = World::local_only("the allowed origins").await else { return };
    let origin = "http://localhost:5173";
    let preflight = world
        .anonymous()
        .request(Method::OPTIONS, "/v1/users/me")
        .header("origin", origin)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "if-match")
        .send()
        .await;
    assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
    let allowed = preflight.header("access-control-allow-headers").unwrap_or_default();
    assert!(allowed.split(", ").any(|header| header == "if-match"), "{allowed}");
    let exposed = preflight.header("access-control-expose-headers").unwrap_or_default();
    assert!(exposed.split(", ").any(|header| header == "etag"), "{exposed}");
}
