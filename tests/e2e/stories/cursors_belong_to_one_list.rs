use std::collections::BTreeSet;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::world::{ApiClient, User, World, repository};

/// A list with a cursor.
struct CursorList {
    operation: &'static str,
    /// The path, with filters and a limit of one.
    path: String,
    /// The same operation on other items or with another filter.
    others: Vec<String>,
}

/// Words of table keys. They have five letters or more, so that random bytes do not contain them by chance.
const KEY_WORDS: [&str; 19] = [
    "gsi1pk",
    "gsi1sk",
    "USER#",
    "USERS#",
    "USERNAME",
    "CHANNEL",
    "MEMBER",
    "MENTION",
    "NUMBER",
    "REPLIES",
    "PRESENTATION",
    "SESSION",
    "PARTICIPANT",
    "ACTION#",
    "INVITATION",
    "AUDIT",
    "DIRECTORY",
    "WRITTEN",
    "2026-",
];

/// Collects the ids of the items of a page, at every depth.
fn collect_ids(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(id)) = (name == "id" || name.ends_with("_id"), value.as_str()) {
                    ids.insert(id.to_owned());
                }
                collect_ids(value, ids);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, ids)),
        _ => {}
    }
}

fn with_cursor(path: &str, cursor: &str) -> String {
    format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' })
}

async fn assert_cursor_refused(client: &ApiClient, path: &str, cursor: &str) {
    let body = client.get(&with_cursor(path, cursor)).await.refused(422, "VALIDATION_ERROR");
    assert_eq!(body["fields"][0]["field"], "cursor", "{path}: {body}");
}

/// Reads all pages. Returns the ids of all items and the cursors.
async fn read_pages(client: &ApiClient, path: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut cursors) = (BTreeSet::new(), Vec::new());
    let mut page = client.get(path).await.ok(200);
    loop {
        assert!(page["items"].as_array().is_some_and(|items| items.len() <= 1), "{path}: {page}");
        collect_ids(&page["items"], &mut ids);
        let Some(next) = page["next"].as_str() else { return (ids, cursors) };
        cursors.push(next.to_owned());
        assert!(cursors.len() < 100, "{path} has no end");
        page = client.get(&with_cursor(path, next)).await.ok(200);
    }
}

/// Fills each list with two items or more that `ana` may read.
async fn fill_lists(world: &World, ana: &User, bo: &User) -> Vec<CursorList> {
    for (user, username) in [(ana, "ana_lists"), (bo, "bo_lists")] {
        user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
    }
    world.teammate("cy").await;
    let roles = format!("/v1/admin/users/{}/roles", bo.id);
    for role in ["moderator", "admin"] {
        ana.client.post(&roles, &json!({ "role": role })).await.ok(200);
    }
    for email in ["dan@example.com", "eli@example.com"] {
        ana.client.post("/v1/invitations", &json!({ "email": email })).await.ok(201);
    }
    let talk = ana.create_presentation(1).await;
    ana.create_presentation(1).await;
    let session = ana.create_session(&talk).await;
    session.transition("start").await;
    let later = ana.create_session(&talk).await;
    for name in ["Gil", "Hal"] {
        session.join(world, Some(name)).await;
    }
    let (channel, other) = (ana.create_channel_with(&[bo]).await, ana.create_channel_with(&[bo]).await);
    let first = ana.send_message(&channel, "herons in the reeds").await["id"].as_str().unwrap().to_owned();
    let second = ana.send_message(&channel, "two herons").await["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let reply =
            json!({ "channel_id": channel, "content": "@ana_lists which herons?", "reply_to_id": first });
        bo.client.post("/v1/messages", &reply).await.ok(201);
    }
    let is_indexed = |body: &Value| body["items"].as_array().is_some_and(|items| items.len() == 4);
    ana.client.get_until("/v1/messages/search?q=herons", is_indexed).await;
    world.wait_for_jobs().await;
    let list = |operation, path: &str, others: &[String]| CursorList {
        operation,
        path: path.to_owned(),
        others: others.to_vec(),
    };
    let admin_sessions = "/v1/admin/sessions";
    vec![
        list(
            "admin_list_actions",
            "/v1/admin/actions?limit=1",
            &["/v1/admin/actions?action=ban_user".into()],
        ),
        list(
            "admin_list_sessions",
            &format!("{admin_sessions}?limit=1"),
            &[
                format!("{admin_sessions}?status=active"),
                format!("{admin_sessions}?from=2020-01-01"),
                format!("{admin_sessions}?speaker={}", ana.id),
            ],
        ),
        list("admin_list_users", "/v1/admin/users?limit=1", &[]),
        list("list_channels", "/v1/channels?limit=1", &[]),
        list("list_invitations", "/v1/invitations?limit=1", &[]),
        list("list_available_users", "/v1/channels/users/available?limit=1", &[]),
        list(
            "list_channel_members",
            &format!("/v1/channels/{channel}/members?limit=1"),
            &[format!("/v1/channels/{other}/members")],
        ),
        list("list_my_mentions", "/v1/messages/mentions/my?limit=1", &[]),
        list(
            "search_messages",
            "/v1/messages/search?q=herons&limit=1",
            &[
                "/v1/messages/search?q=reeds".into(),
                format!("/v1/messages/search?q=herons&channel_id={channel}"),
                format!("/v1/messages/search?q=herons&from={}", bo.id),
            ],
        ),
        list(
            "list_replies",
            &format!("/v1/messages/{first}/replies?limit=1"),
            &[format!("/v1/messages/{second}/replies")],
        ),
        list(
            "list_presentations",
            "/v1/presentations?limit=1",
            &["/v1/presentations?search=a".into(), "/v1/presentations?status=draft".into()],
        ),
        list(
            "list_sessions",
            "/v1/sessions?limit=1",
            &["/v1/sessions?status=active".into(), format!("/v1/sessions?presentation_id={}", talk.id)],
        ),
        list(
            "list_participants",
            &format!("/v1/sessions/{}/participants?limit=1", session.id),
            &[format!("/v1/sessions/{}/participants", later.id)],
        ),
        list("list_users", "/v1/users?limit=1", &[]),
    ]
}

/// Returns the operations of the OpenAPI document that have a parameter `cursor`.
fn documented_lists() -> BTreeSet<String> {
    let text = std::fs::read_to_string(repository().join("infra/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap());
    let paged = operations.filter(|(_, operation)| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "cursor"))
    });
    paged.map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn cursors_of_every_list_are_sealed_and_bound() {
    let Some((world, ana)) = World::with_admin("cursors of every list", "pro").await else { return };
    let bo = world.user("bo").await;
    let lists = fill_lists(&world, &ana, &bo).await;
    let tested: BTreeSet<String> = lists.iter().map(|list| list.operation.to_owned()).collect();
    assert_eq!(tested, documented_lists());

    let mut cursors = Vec::new();
    for list in &lists {
        let (ids, found) = read_pages(&ana.client, &list.path).await;
        assert!(ids.len() >= 2 && !found.is_empty(), "{}: {ids:?} {found:?}", list.operation);
        for cursor in &found {
            assert!(cursor.len() <= 400, "{}: {}", list.operation, cursor.len());
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for word in KEY_WORDS.into_iter().chain(ids.iter().map(String::as_str)) {
                assert!(!text.contains(word) && !cursor.contains(word), "{}: {word}: {text}", list.operation);
            }
        }
        cursors.push(found.into_iter().next().unwrap());
    }

    for (list, cursor) in lists.iter().zip(&cursors) {
        // a changed byte, at the ends and in each part
        for place in (0..cursor.len()).step_by(24).chain([cursor.len() - 1]) {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_cursor_refused(&ana.client, &list.path, &String::from_utf8(changed).unwrap()).await;
        }
        assert_cursor_refused(&ana.client, &list.path, &cursor[..cursor.len() / 2]).await;
        // the form of earlier cursors: a signature and the position in plain text
        let signed = [&[7; 16], br#"{"pk":"USERS#","sk":"a"}"#.as_slice()].concat();
        assert_cursor_refused(&ana.client, &list.path, &BASE64_URL_SAFE_NO_PAD.encode(signed)).await;
        // another caller
        if bo.client.get(&list.path).await.status == 200 {
            assert_cursor_refused(&bo.client, &list.path, cursor).await;
        } else {
            assert_eq!(list.operation, "list_participants", "only its presenter reads the list");
        }
        // another filter, and each other list
        for other in &list.others {
            ana.client.get(other).await.ok(200);
            assert_cursor_refused(&ana.client, other, cursor).await;
        }
        let others = lists.iter().filter(|other| other.operation != list.operation);
        for other in others.filter(|other| other.operation != "search_messages") {
            assert_cursor_refused(&ana.client, &other.path, cursor).await;
        }
    }
    // within the limit of searches
    let search = lists.iter().find(|list| list.operation == "search_messages").unwrap();
    world.begin_window(std::time::Duration::from_mins(1));
    for (_, cursor) in lists.iter().zip(&cursors).filter(|(list, _)| list.operation != search.operation) {
        assert_cursor_refused(&ana.client, &search.path, cursor).await;
    }
}

#[tokio::test]
async fn cursors_belong_to_one_list() {
    let world = World::start().await;
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    for number in 0..7 {
        let body = json!({ "title": format!("Number {number}") });
        ana.client.post("/v1/presentations", &body).await.ok(201);
    }

    // page by page, each item once, newest first
    let (mut seen, mut path) = (Vec::new(), "/v1/presentations?limit=3".to_owned());
    let mut cursors = Vec::new();
    loop {
        let page = ana.client.get(&path).await.ok(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursors.push(next.to_owned());
        path = format!("/v1/presentations?limit=3&cursor={next}");
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 7);
    assert_eq!(seen[0], "Number 6");

    let cursor = &cursors[0];
    assert_cursor_refused(&eve.client, "/v1/presentations", cursor).await;
    assert_cursor_refused(&ana.client, "/v1/sessions", cursor).await;
}
