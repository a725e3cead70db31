//! Compares the AsyncAPI document with every message of `protocol`, every route of the template and every golden frame.

use std::{collections::BTreeSet, fs};

use jsonschema::Validator;
use local::template::{LocalSecrets, SamTemplate};
use protocol::{
    IncomingFrame,
    asyncapi::{EXAMPLE_URL, GOLDEN_EVENTS, document},
    command,
};
use serde_json::{Value, json};

use crate::world::{World, repository};

/// Update the file with `cargo run -- asyncapi > infra/asyncapi.json`.
#[test]
fn asyncapi_is_current() {
    let kept = fs::read_to_string(repository().join("infra/asyncapi.json")).unwrap_or_default();
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert!(
        document(EXAMPLE_URL) == kept,
        "infra/asyncapi.json differs from the messages of `protocol`: cargo run -- asyncapi > infra/asyncapi.json"
    );
}

#[tokio::test]
async fn the_served_document_has_the_url_of_this_socket() {
    let world = World::start().await;
    let home = world.anonymous().get("/").await.ok(200);
    let served = world.anonymous().get("/asyncapi.json").await.ok(200);
    assert!(
        served == document(home["socket"].as_str().unwrap()),
        "/asyncapi.json differs from infra/asyncapi.json"
    );
}

/// The wire names of the messages of one direction.
fn message_names(document: &Value, direction: &str) -> BTreeSet<String> {
    let all = document["components"]["messages"].as_object().unwrap();
    all.iter()
        .filter(|(key, _)| key.ends_with(direction))
        .map(|(key, message)| {
            let name = message["name"].as_str().unwrap();
            assert_eq!(*key, format!("{name}{direction}"));
            name.to_owned()
        })
        .collect()
}

#[test]
fn every_command_is_documented_and_routed() {
    let documented = message_names(&document(EXAMPLE_URL), ".command");
    let known: BTreeSet<String> = command::all_types().into_iter().map(str::to_owned).collect();
    assert_eq!(documented, known, "left: AsyncAPI; right: protocol::command");
    let template =
        SamTemplate::read(Some(&repository().join("template.yaml")), LocalSecrets::in_memory()).unwrap();
    let routes = template.socket_api().unwrap().expect("a WebSocket API").routes;
    let routes: BTreeSet<String> = routes.keys().filter(|key| !key.starts_with('$')).cloned().collect();
    assert_eq!(documented, routes, "left: AsyncAPI; right: the template's socket routes");
}

#[test]
fn every_event_is_documented_and_has_its_golden_frame() {
    let golden: Vec<Value> = serde_json::from_str(GOLDEN_EVENTS).unwrap();
    let golden: BTreeSet<String> =
        golden.iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect();
    let documented = message_names(&document(EXAMPLE_URL), ".event");
    assert_eq!(documented, golden, "left: AsyncAPI; right: shared/protocol/src/asyncapi/events.json");
}

/// Every message belongs to the channel and has one operation in its direction, a summary and an example.
#[test]
fn every_message_is_documented_completely() {
    let document = document(EXAMPLE_URL);
    let all = document["components"]["messages"].as_object().unwrap();
    let operations = document["operations"].as_object().unwrap();
    assert_eq!(all.len(), operations.len());
    for (key, message) in all {
        let of_channel = format!("#/channels/socket/messages/{key}");
        assert!(document.pointer(&of_channel[1..]).is_some(), "{key} does not belong to the channel");
        let operation = &operations[&key.replace('.', "_")];
        let sent = key.rsplit_once('.').is_some_and(|(_, direction)| direction == "event");
        let action = if sent { "send" } else { "receive" };
        assert_eq!(
            (&operation["action"], &operation["messages"][0]["$ref"]),
            (&json!(action), &json!(of_channel))
        );
        assert!(
            message["summary"].as_str().is_some_and(|summary| !summary.is_empty()),
            "{key} has no summary"
        );
        assert!(!message["examples"].as_array().unwrap().is_empty(), "{key} has no example");
    }
    for reference in reference_targets(&document) {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} does not resolve");
    }
}

fn reference_targets(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(reference) if name == "$ref" => vec![reference.clone()],
                value => reference_targets(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(reference_targets).collect(),
        _ => Vec::new(),
    }
}

fn schema_validator(document: &Value, key: &str) -> Validator {
    let mut schema = document["components"]["messages"][key]["payload"].clone();
    schema["components"] = json!({ "schemas": document["components"]["schemas"] });
    jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap()
}

/// A golden frame matches its schema. A frame that lacks a field or has another type does not match.
#[test]
fn golden_frames_match_their_schema_only() {
    let document = document(EXAMPLE_URL);
    for frame in serde_json::from_str::<Vec<Value>>(GOLDEN_EVENTS).unwrap() {
        let kind = frame["type"].as_str().unwrap();
        let validator = schema_validator(&document, &format!("{kind}.event"));
        if let Err(error) = validator.validate(&frame) {
            panic!("{kind}: {error} at {}", error.instance_path());
        }
        for wrong in [json!({ "type": kind }), json!(null)] {
            let mut other = frame.clone();
            other["payload"] = wrong;
            assert!(!validator.is_valid(&other), "{kind} may have any payload");
        }
        let mut other = frame.clone();
        other["type"] = json!("another");
        assert!(!validator.is_valid(&other), "{kind} may be of any type");
    }
}

/// Each example of a command parses as that command and matches its schema.
#[test]
fn documented_commands_are_parsed() {
    let document = document(EXAMPLE_URL);
    for kind in command::all_types() {
        let key = format!("{kind}.command");
        let example = &document["components"]["messages"][&key]["examples"][0]["payload"];
        let validator = schema_validator(&document, &key);
        if let Err(error) = validator.validate(example) {
            panic!("{kind}: {error} at {}", error.instance_path());
        }
        let incoming = IncomingFrame::parse(&example.to_string()).unwrap();
        assert_eq!(incoming.message_type, kind);
        assert!(matches!(command::check(&incoming), Some(Ok(()))), "{example}");
        // the parser requires the fields that the schema requires
        let without = json!({ "type": kind, "payload": {} });
        let read = command::check(&IncomingFrame::parse(&without.to_string()).unwrap()).unwrap();
        assert_eq!(validator.is_valid(&without), read.is_ok(), "{kind} without fields");
    }
}
