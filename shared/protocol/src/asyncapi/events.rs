//! The messages that a client receives, one for each variant of [`Event`], each in its envelope.

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

/// Describes the envelope that [`OutgoingFrame`](crate::OutgoingFrame) writes.
fn envelope(name: &str, payload: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["type", "payload", "timestamp"],
        "properties": {
            "type": { "type": "string", "const": name },
            "sid": { "type": "string", "format": "uuid", "description": "The session of the event." },
            "room": {
                "type": "string",
                "description": "The room that receives the event: `session:{id}`, `presenter:{id}`, `user:{id}`, \
                                `channel:{id}` or `team:`. It is absent if one connection receives the event.",
            },
            "payload": { "$ref": payload },
            "timestamp": { "type": "string", "format": "date-time", "description": "When the event was sent." },
        },
    })
}
