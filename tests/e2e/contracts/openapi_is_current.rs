use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::world::{World, repository};

/// Update the file with `cargo run -- openapi > infra/openapi.json`.
#[test]
fn openapi_is_current() {
    let made = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    let kept = fs::read_to_string(repository().join("infra/openapi.json")).unwrap_or_default();
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert!(
        made == kept,
        "infra/openapi.json differs from the handlers: cargo run -- openapi > infra/openapi.json"
    );
}

#[test]
fn every_operation_is_documented_completely() {
    let document = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    assert!(
        document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "the document has no schema {name}");
    }
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
            assert!(ids.insert(id.to_owned()), "{name}: {id} is taken");
            assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name} has no tag");
            let said = operation["summary"].is_string() || operation["description"].is_string();
            assert!(said, "{name} does not say what it does");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2') || status.starts_with('3')),
                "{name}"
            );
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                // a 503 of `/ready` lists the checks in the form of the 200
                let not_ready = path == "/ready" && status == "503";
                assert!(not_ready || schema == "#/components/schemas/ErrorBody", "{name} {status}: {schema}");
            }
        }
    }
}

#[tokio::test]
async fn the_served_document_is_the_committed_one() {
    let world = World::start().await;
    let mut served = world.anonymous().get("/openapi.json").await.ok(200);
    let mut made = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    // the function adds the URL at which it serves the document
    for document in [&mut served, &mut made] {
        document.as_object_mut().unwrap().remove("servers");
    }
    assert!(served == made, "/openapi.json differs from infra/openapi.json");
}
