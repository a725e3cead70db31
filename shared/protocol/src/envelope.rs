//! The envelope of messages in both directions: `{"type", "sid"?, "room"?, "payload", "timestamp"}`.

use jiff::Timestamp;
use model::{Error, Room, SessionId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::Event;

/// The maximum size of an outgoing message in bytes, which API Gateway accepts in one post. API Gateway splits it into
/// frames of 32 KB and bills each.
pub const MAX_MESSAGE_BYTES: usize = 128 * 1024;

/// The maximum size of an incoming or outgoing frame in bytes, a quota of API Gateway.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;

/// An event in its envelope.
#[derive(Clone, Debug, Serialize)]
pub struct OutgoingFrame {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    #[serde(flatten)]
    pub event: Event,
    pub timestamp: Timestamp,
}

impl OutgoingFrame {
    /// Makes a frame for all connections of a room.
    pub fn to_room(room: Room, event: Event, timestamp: Timestamp) -> Self {
        let sid = match room {
            Room::Session(id) | Room::Presenter(id) => Some(id),
            Room::User(_) | Room::Channel(_) | Room::Team => None,
        };
        Self { sid, room: Some(room), event, timestamp }
    }

    /// Makes a frame for one connection.
    pub const fn to_connection(sid: Option<SessionId>, event: Event, timestamp: Timestamp) -> Self {
        Self { sid, room: None, event, timestamp }
    }

    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// Returns the schema of `ref`, which a client chooses.
pub(crate) fn reference_schema() -> Schema {
    let string_or_number = SchemaType::from_iter([Type::String, Type::Number]);
    Schema::Object(ObjectBuilder::new().schema_type(string_or_number).build())
}

/// A message of a client.
#[derive(Clone, Debug)]
pub struct IncomingFrame {
    /// The name of the message.
    pub message_type: String,
    pub payload: Value,
    /// The value that the client wants in the answers to this message.
    pub reference: Option<Value>,
}

impl IncomingFrame {
    /// Parses the envelope, or the flat form with fields beside `type`.
    ///
    /// # Errors
    /// Returns `Malformed` if the text is not a JSON object with a string `type`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| Error::Malformed(format!("the message is not JSON: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Err(Error::Malformed("the message must be a JSON object".into()));
        };
        let Some(Value::String(kind)) = fields.remove("type") else {
            return Err(Error::Malformed("type: must be a string".into()));
        };
        let reference = fields.remove("ref").filter(|value| value.is_string() || value.is_number());
        let payload = match fields.remove("payload") {
            None => Value::Object(fields),
            Some(payload @ Value::Object(_)) => payload,
            Some(Value::Null) => Value::Object(Map::new()),
            Some(_) => return Err(Error::field("payload", "must be an object")),
        };
        Ok(Self { message_type: kind, payload, reference })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::command::{all_types, check};

    proptest! {
        /// Every frame is a command or an error, and never causes a panic.
        #[test]
        fn every_frame_is_parsed_or_refused(text in ".*") {
            let _ = IncomingFrame::parse(&text).map(|message| check(&message));
        }

        #[test]
        fn every_payload_is_parsed_or_refused(
            kind in prop::sample::select(all_types()),
            key in "slide_id|content|seq|token|display_name|since|version|payload|ref|x",
            value in prop_oneof![
                Just(json!(null)), Just(json!({})), Just(json!([1, [2]])), Just(json!(-1.5)),
                Just(json!(u64::MAX)), any::<String>().prop_map(Value::from),
            ],
        ) {
            let text = json!({"type": kind, key: value}).to_string();
            let _ = IncomingFrame::parse(&text).map(|message| check(&message));
        }
    }

    #[test]
    fn both_forms_are_parsed_alike() {
        let nested =
            IncomingFrame::parse(r#"{"type":"ping","payload":{"a":1},"timestamp":"x","ref":"7"}"#).unwrap();
        let flat = IncomingFrame::parse(r#"{"type":"ping","a":1,"ref":"7"}"#).unwrap();
        assert_eq!((&nested.message_type, &nested.payload), (&flat.message_type, &flat.payload));
        assert_eq!(nested.reference, flat.reference);
    }

    #[test]
    fn an_invalid_message_is_refused_with_the_reason() {
        for (text, why) in [
            ("{", "the message is not JSON"),
            ("[]", "the message must be a JSON object"),
            ("{}", "type: must be a string"),
            (r#"{"type":1}"#, "type: must be a string"),
            (r#"{"type":"a","payload":3}"#, "payload: must be an object"),
        ] {
            let error = IncomingFrame::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
