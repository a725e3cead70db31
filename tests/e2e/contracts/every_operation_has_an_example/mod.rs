//! Plays every operation of the OpenAPI document once with success and compares the whole response with a snapshot.
//!
//! The snapshots are the examples of the OpenAPI document. `functions/docs/src/examples.json` contains all of them, because a
//! function cannot read this folder. To accept changed responses, run
//! `INSTA_UPDATE=always COLLOQUY_UPDATE=1 cargo test -p tests every_operation_has_an_example`, then
//! `cargo run -- openapi > infra/openapi.json`.
//!
//! Each domain plays its operations in a file of its own.

mod admin;
mod chat;
mod docs;
mod identity;
mod images;
mod normalize;
mod presentations;
mod questions;
mod sessions;

use std::{borrow::Cow, collections::BTreeMap, fs};

use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    every_route_answers_every_role::{RequestBody, RouteScene},
    operations_cost_what_costs_md_says::is_update_run,
};
use crate::world::{ApiClient, ApiResponse, User, World, repository};
use normalize::Normalizer;

/// The account with this address is an admin (`FIRST_ADMIN_EMAIL`).
const ADMIN_EMAIL: &str = "ada@example.com";
/// The file that the docs function embeds.
const EXAMPLES_FILE: &str = "functions/docs/src/examples.json";

/// Calls operations and keeps their responses by operation id.
struct Recorder<'w> {
    world: &'w World,
    document: Value,
    normalizer: Normalizer,
    responses: BTreeMap<String, Value>,
}

/// A call that differs from the usual one of its operation.
#[derive(Default)]
struct CallOptions {
    query: Cow<'static, str>,
    body: Option<Value>,
    /// The last segment of the path, instead of the one that the matrix of roles uses.
    id: Option<String>,
}

impl<'w> Recorder<'w> {
    fn new(world: &'w World) -> Self {
        let document = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
        let normalizer = Normalizer::new(world.url(), &world.local_cloud().socket_url());
        Self { world, document, normalizer, responses: BTreeMap::new() }
    }

    /// Calls an operation with the body that the matrix of roles uses.
    async fn record(&mut self, scene: &RouteScene, caller: &ApiClient, operation: &str) -> Value {
        self.record_with(scene, caller, operation, CallOptions::default()).await
    }

    async fn record_with(
        &mut self,
        scene: &RouteScene,
        caller: &ApiClient,
        operation: &str,
        options: CallOptions,
    ) -> Value {
        // a response may contain what jobs of the calls before have counted
        self.world.wait_for_jobs().await;
        let (method, template) = self.find_operation(operation);
        let mut path = scene.path(&template);
        if !options.query.is_empty() {
            // instead of the query that the matrix of roles uses
            path = format!("{}{}", path.split('?').next().unwrap_or_default(), options.query);
        }
        if let Some(id) = options.id {
            let parent = path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
            path = format!("{}/{id}", parent.unwrap_or_default());
        }
        let request = caller.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &path);
        let body = options.body.map(RequestBody::Json).or_else(|| scene.request_body(operation));
        let request = match body {
            Some(RequestBody::Json(body)) => request.json(&body),
            Some(RequestBody::File(bytes)) => request.file("image/png", &bytes),
            None => request,
        };
        let response = request.send().await;
        // A page that leads to another one succeeds with a redirect.
        let is_success = (200..300).contains(&response.status) || response.status == 303;
        assert!(is_success, "{operation} has no example: {} {}", response.status, response.text);
        let example = self.example_of(operation, &response);
        let is_new = self.responses.insert(operation.to_owned(), example).is_none();
        assert!(is_new, "{operation} is recorded twice");
        response.body()
    }

    fn find_operation(&self, operation: &str) -> (String, String) {
        let paths = self.document["paths"].as_object().unwrap();
        let found = paths.iter().find_map(|(template, methods)| {
            let methods = methods.as_object()?;
            let (method, _) = methods.iter().find(|(_, declared)| declared["operationId"] == operation)?;
            Some((method.clone(), template.clone()))
        });
        found.unwrap_or_else(|| panic!("the document has no operation {operation}"))
    }

    fn example_of(&mut self, operation: &str, response: &ApiResponse) -> Value {
        let content_type = response.header("content-type").map(|whole| whole.split(';').next().unwrap());
        let mut body = match content_type {
            Some("application/json") => response.body(),
            Some(text) if text.starts_with("text/") => Value::String(response.text.clone()),
            // an example of an image would be its bytes
            _ => Value::Null,
        };
        if ["openapi", "asyncapi"].contains(&operation) {
            body = json!({ operation: body[operation], "info": { "title": body["info"]["title"] } });
        }
        self.normalizer.normalize(&mut body);
        json!({ "status": response.status, "content_type": content_type, "body": body })
    }
}

/// Creates an account with a user name.
async fn register(world: &World, name: &str) -> User {
    let username = name.to_lowercase();
    let user = User::register_as(world, name, &format!("{username}@example.com")).await;
    user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
    user
}

/// Plays all operations in one world. The domains that end or delete what the others use come last.
async fn record_all(world: &World) -> BTreeMap<String, Value> {
    let owner = register(world, "Ana").await;
    let stranger = register(world, "Dan").await;
    let admin = register(world, "Ada").await;
    let member = register(world, "Cleo").await;
    let mut scene = RouteScene::create_for(world, [owner, stranger, admin], &member, "herons").await;
    let mut recorder = Recorder::new(world);
    docs::record(&mut recorder, &scene).await;
    identity::record_reads(&mut recorder, &scene).await;
    presentations::record(&mut recorder, &mut scene).await;
    images::record(&mut recorder, &mut scene).await;
    questions::record(&mut recorder, &mut scene).await;
    sessions::record(&mut recorder, &mut scene).await;
    chat::record(&mut recorder, &mut scene, &member).await;
    admin::record(&mut recorder, &mut scene).await;
    presentations::record_deletes(&mut recorder, &scene).await;
    identity::record_ends(&mut recorder, &scene).await;
    recorder.responses
}

/// The ids of all operations, with the schema of each successful response.
fn documented_operations(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|methods| methods.as_object().unwrap().values());
    operations.map(|operation| (operation["operationId"].as_str().unwrap().to_owned(), operation)).collect()
}

fn assert_matches_schema(document: &Value, operation: &Value, example: &Value) {
    let status = example["status"].to_string();
    let id = &operation["operationId"];
    let Some(content_type) = example["content_type"].as_str() else { return };
    let content = &operation["responses"][&status]["content"][content_type];
    assert!(content.is_object(), "{id} returns {status} {content_type}, which the document does not say");
    if content_type != "application/json" {
        return;
    }
    let mut schema = content["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&example["body"])
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "the response of {id} is not of its schema: {errors:#?}\n{:#}",
        example["body"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_has_an_example() {
    let options = LocalOptions {
        parameters: [("FirstAdminEmail".to_owned(), ADMIN_EMAIL.to_owned())].into(),
        ..LocalOptions::default()
    };
    let Some(world) = World::local_only_with("the examples", options).await else { return };
    let examples = record_all(&world).await;
    let document = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    let operations = documented_operations(&document);
    let missing: Vec<_> = operations.keys().filter(|id| !examples.contains_key(*id)).collect();
    assert!(missing.is_empty(), "operations without an example, which this contract must play: {missing:?}");
    for (id, example) in &examples {
        assert_matches_schema(&document, operations[id], example);
    }
    write_or_compare(&examples);
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        for (id, example) in &examples {
            insta::assert_json_snapshot!(id.as_str(), example);
        }
    });
}

/// The docs function embeds exactly the snapshots.
fn write_or_compare(examples: &BTreeMap<String, Value>) {
    let file = repository().join(EXAMPLES_FILE);
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let committed: BTreeMap<String, Value> = serde_json::from_str(&committed).unwrap_or_default();
    if committed == *examples {
        return;
    }
    if is_update_run() {
        fs::write(&file, format!("{}\n", serde_json::to_string_pretty(examples).unwrap())).unwrap();
        return;
    }
    let changed = examples.iter().filter(|(id, example)| committed.get(*id) != Some(*example));
    let changed: BTreeMap<_, _> = changed.map(|(id, now)| (id, (committed.get(id), now))).collect();
    panic!(
        "{EXAMPLES_FILE} differs from the responses; to accept them, run \
         INSTA_UPDATE=always COLLOQUY_UPDATE=1 cargo test -p tests every_operation_has_an_example\n{changed:#?}"
    );
}
