//! What a client is told: each variant of [`Event`] in its envelope.

use serde_json::{Value, json};
use utoipa::PartialSchema;

use super::{AsyncApiMessage, GOLDEN_EVENTS, schemas::AsyncApiSchemas};
use crate::Event;

pub(super) fn event_messages(schemas: &mut AsyncApiSchemas) -> Vec<AsyncApiMessage> {
    schemas.add_references::<Event>();
    let golden: Vec<Value> = serde_json::from_str(GOLDEN_EVENTS).unwrap_or_default();
    let event = json!(Event::schema());
    let variants = event["oneOf"].as_array().into_iter().flatten();
    variants.map(|variant| event_message(variant, &golden)).collect()
}

fn event_message(variant: &Value, golden: &[Value]) -> AsyncApiMessage {
    let name = variant["properties"]["type"]["enum"][0].as_str().unwrap_or_default();
    let about = variant["description"].as_str().unwrap_or_default();
    let payload = &variant["properties"]["payload"]["$ref"];
    let examples: Vec<Value> = golden.iter().filter(|frame| frame["type"] == name).cloned().collect();
    AsyncApiMessage::new("send", name, about, &envelope(name, payload), &examples)
}

/// As [`Outgoing`](crate::Outgoing) writes it.
fn envelope(name: &str, payload: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["type", "payload", "timestamp"],
        "properties": {
            "type": { "type": "string", "const": name },
            "sid": { "type": "string", "format": "uuid", "description": "The session that it is about." },
            "room": {
                "type": "string",
                "description": "Who is told together: `session:{id}`, `presenter:{id}` or `user:{id}`; absent where it is to \
                                one connection.",
            },
            "payload": { "$ref": payload },
            "timestamp": { "type": "string", "format": "date-time", "description": "When it was sent." },
        },
    })
}
