//! Every operation has a summary and a description; every schema and every message of the socket has a description.

use std::fs;

use serde_json::Value;

use crate::world::repository;

/// The longest summary of an operation, in characters.
const SUMMARY: usize = 60;

/// What is wrong with the summary of an operation.
fn summary_fault(summary: &str) -> Option<&'static str> {
    let first = summary.split_whitespace().next().unwrap_or_default().to_lowercase();
    let third_person =
        first.ends_with('s') && !first.ends_with("ss") && !["focus", "canvas"].contains(&&*first);
    let gerund = first.ends_with("ing") && !["bring", "ping", "ring", "string"].contains(&&*first);
    let noun =
        ["a", "an", "the", "all", "every", "my", "one", "this", "that", "these", "those", "its", "their"];
    let question =
        ["what", "who", "whose", "which", "how", "where", "when", "why", "is", "are", "can", "does"];
    match () {
        () if summary.is_empty() => Some("write a summary"),
        () if summary.chars().count() > SUMMARY => Some("shorten it to 60 characters"),
        () if summary.ends_with('.') => Some("end it without a full stop"),
        () if !summary.starts_with(char::is_uppercase) => Some("begin it with a capital letter"),
        () if noun.contains(&&*first) || question.contains(&&*first) => {
            Some("begin it with a verb: `List …`")
        }
        () if third_person || gerund => Some("use the imperative: `Create …`"),
        () => None,
    }
}

fn said(value: &Value, field: &str) -> bool {
    value[field].as_str().is_some_and(|text| !text.trim().is_empty())
}

fn undescribed(schemas: &Value) -> Vec<String> {
    let schemas = schemas.as_object().into_iter().flatten();
    let bare = schemas.filter(|(_, schema)| !said(schema, "description"));
    bare.map(|(name, _)| format!("schema {name}: describe it")).collect()
}

fn document(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(repository().join(name)).unwrap()).unwrap()
}

fn openapi_faults(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            if let Some(fault) = summary_fault(summary) {
                wrong.push(format!("{method} {path}: {fault}: {summary:?}"));
            }
            if !said(operation, "description") {
                wrong.push(format!("{method} {path}: describe it"));
            }
        }
    }
    wrong.extend(undescribed(&document["components"]["schemas"]));
    wrong
}

fn asyncapi_faults(document: &Value) -> Vec<String> {
    let mut wrong = undescribed(&document["components"]["schemas"]);
    for (name, message) in document["components"]["messages"].as_object().into_iter().flatten() {
        if !said(message, "summary") || !said(message, "description") {
            wrong.push(format!("message {name}: give it a summary and a description"));
        }
    }
    wrong
}

#[test]
fn operations_have_a_summary_and_schemas_a_description() {
    let wrong = openapi_faults(&document("infra/openapi.json"));
    let first = wrong.iter().take(100).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} places in infra/openapi.json:\n{first}", wrong.len());
}

#[test]
fn messages_of_the_socket_have_a_summary_and_a_description() {
    let wrong = asyncapi_faults(&document("infra/asyncapi.json"));
    assert!(wrong.is_empty(), "{} places in infra/asyncapi.json:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn summaries_are_imperative() {
    for summary in ["Create a channel", "Process a job", "Ping the server", "Access a file"] {
        assert_eq!(summary_fault(summary), None, "{summary}");
    }
    let long = "Create ".repeat(9);
    for summary in [
        "",
        &long,
        "Create a channel.",
        "create",
        "Creates a channel",
        "Creating",
        "A channel",
        "What this is",
    ] {
        assert!(summary_fault(summary).is_some(), "{summary}");
    }
}

#[test]
fn bare_parts_of_the_api_are_found() {
    let schema =
        serde_json::json!({"schemas": {"Bare": {"type": "object"}, "Said": {"description": "A thing."}}});
    let operation = serde_json::json!({"get": {"summary": "List things"}});
    let openapi = serde_json::json!({"paths": {"/things": operation}, "components": schema});
    assert_eq!(openapi_faults(&openapi), ["get /things: describe it", "schema Bare: describe it"]);
    let message = serde_json::json!({"messages": {"a": {"summary": "A", "description": ""}}});
    assert_eq!(asyncapi_faults(&serde_json::json!({"components": message})).len(), 1);
}
