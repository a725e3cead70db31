//! A segment of a path is one value, with any characters. API Gateway passes the path on decoded, and a function that
//! parsed it as a URL would delete a channel where a member of it is meant.

use futures::{StreamExt as _, stream};
use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    contracts::every_route_answers_every_role::{RouteScene, with_body},
    world::{ApiClient, User, World, unique_address},
};

/// Segments instead of an id. A client of HTTP resolves `..` and `%2e%2e` itself, so they are sent with more around them.
const SEGMENTS: [&str; 15] = [
    "%23",
    "%23x",
    "%3F",
    "x%3Fy%3Dz",
    "%2F",
    "%2e%2e%2F",
    "x%2F%2e%2e",
    "%252e%252e",
    "%00",
    "%0A",
    "%09",
    "%2523",
    "%2500",
    "%C4%83",
    FLAMINGO,
];
/// Texts after an id. `%3F` is not among them, because API Gateway itself cuts the path there (`infra/local/src/http/raw_path.rs`).
const SUFFIXES: [&str; 11] =
    ["%23", "%23x", "%2F..", "%2F%2e%2e%2F", "%00", "%0A", "%0D%0A", "%2523", "%2500", "%C4%83", FLAMINGO];
const FLAMINGO: &str = "%F0%9F%A6%A9";

/// Requests that are open at the same time.
const CONCURRENCY: usize = 8;

#[derive(Clone)]
struct HostileRequest {
    method: Method,
    operation: String,
    path: String,
    /// The changed parameter is text and not an id, so a resource may exist by that name.
    takes_text: bool,
}

/// Every operation with a parameter in its path, with each parameter replaced in turn.
fn hostile_requests(scene: &RouteScene) -> Vec<HostileRequest> {
    let document = serde_json::to_value(local::openapi::assembled_openapi()).expect("a document");
    let mut requests = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("paths") {
        let names: Vec<&str> =
            template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        for (method, operation) in methods.as_object().expect("methods") {
            for changed in &names {
                let replaced = SEGMENTS.iter().map(|segment| (*segment).to_owned());
                let extended = SUFFIXES.iter().map(|suffix| format!("=ID={suffix}"));
                for hostile in replaced.chain(extended) {
                    // the flamingo is an emoji like any other
                    if *changed == "emoji" && hostile == FLAMINGO {
                        continue;
                    }
                    let change = |name: &str, value: &str| {
                        if name == *changed { hostile.replace("=ID=", value) } else { value.to_owned() }
                    };
                    requests.push(HostileRequest {
                        method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                        operation: operation["operationId"].as_str().expect("an id").to_owned(),
                        path: scene.path_with(template, change),
                        takes_text: *changed == "query",
                    });
                }
            }
        }
    }
    requests
}

/// Sends a request and returns what is wrong with the response.
async fn send(scene: &RouteScene, client: &ApiClient, request: &HostileRequest) -> Option<String> {
    let HostileRequest { method, operation, path, takes_text } = request;
    let body = scene.request_body(operation);
    // an address of its own, because wrong join codes count by address
    let ask = client.at_address(&unique_address()).request(method.clone(), path);
    let answer = with_body(ask, body.as_ref()).send().await;
    let is_refused = (400..500).contains(&answer.status);
    // API Gateway cuts the path at `%3F`, and reads the list that is left of it
    let may_be_found = *takes_text || path.contains("%3F");
    let is_found = may_be_found && method == Method::GET && answer.status == 200;
    (!is_refused && !is_found)
        .then(|| format!("{operation}: {method} {path}: {} {}", answer.status, answer.text))
}

/// What the owner sees of the scene.
async fn visible_state(scene: &RouteScene) -> Vec<Value> {
    let client = &scene.owner.client;
    let (channel, session) = (&scene.chat.channel.id, &scene.session.id);
    let paths = [
        "/v1/users/me".to_owned(),
        format!("/v1/channels/{channel}"),
        format!("/v1/channels/{channel}/members"),
        format!("/v1/channels/{channel}/pins"),
        format!("/v1/messages/channel/{channel}"),
        format!("/v1/presentations/{}", scene.presentation.id),
        format!("/v1/presentations/{}/slides", scene.presentation.id),
        format!("/v1/sessions/{session}"),
        format!("/v1/sessions/{session}/questions"),
        format!("/v1/sessions/{session}/participants"),
    ];
    let mut state = Vec::new();
    for path in paths {
        let answer = client.get(&path).await;
        assert!(answer.status < 500, "{path}: {}", answer.text);
        state.push(json!({ "path": path, "status": answer.status, "body": answer.body() }));
    }
    let logins = client.get("/v1/auth/sessions").await.ok(200);
    let ids = logins["items"].as_array().expect("items").iter().map(|login| login["id"].clone());
    state.push(ids.collect());
    state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_path_segment_changes_nothing() {
    let email = format!("admin-{:016x}@example.com", rand::random::<u64>());
    let options = LocalOptions {
        parameters: [("FirstAdminEmail".to_owned(), email.clone())].into(),
        ..LocalOptions::default()
    };
    let world = World::start_with(options).await;
    let admin = User::register_as(&world, "admin", &email).await;
    let named = json!({ "username": format!("u{:016x}", rand::random::<u64>()) });
    admin.client.patch("/v1/users/me", &named).await.ok(200);
    let member = world.teammate("member").await;
    let scene = RouteScene::create(&world, &admin, &member).await;
    world.wait_for_jobs().await;
    // A deployment cannot be asked whether its jobs are done. The guest's vote is counted by the next tick.
    let session = format!("/v1/sessions/{}", scene.session.id);
    scene.owner.client.get_until(&session, |session| session["response_count"] == 1).await;
    let (state, items) = (visible_state(&scene).await, world.table_items().await);

    let mut sent = Vec::new();
    for request in hostile_requests(&scene) {
        let clients = match request.path.as_str() {
            path if path.starts_with("/v1/admin/") => vec![&scene.admin.client],
            path if path.starts_with("/v1/sessions/") || path.starts_with("/v1/responses/") => {
                vec![&scene.owner.client, &scene.guest.client]
            }
            _ => vec![&scene.owner.client],
        };
        sent.extend(clients.into_iter().map(|client| (client, request.clone())));
    }
    assert!(sent.len() > 2_000, "{}", sent.len());
    let wrong: Vec<String> = stream::iter(&sent)
        .map(|(client, request)| send(&scene, client, request))
        .buffer_unordered(CONCURRENCY)
        .filter_map(|wrong| async { wrong })
        .collect()
        .await;
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), sent.len(), wrong.join("\n"));

    world.wait_for_jobs().await;
    let after = world.table_items().await;
    let lost: Vec<&Value> = items.iter().filter(|item| !after.contains(item)).collect();
    let new: Vec<&Value> = after.iter().filter(|item| !items.contains(item)).collect();
    assert!(lost.is_empty() && new.is_empty(), "before: {lost:#?}\nafter: {new:#?}");
    assert_eq!(visible_state(&scene).await, state);
}
