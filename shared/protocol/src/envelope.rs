//! The envelope both ways: `{"type", "sid"?, "room"?, "payload", "timestamp"}`.

use jiff::Timestamp;
use model::{Error, Room, SessionId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::Event;

/// Bytes of an outgoing message: what API Gateway takes in one post. It cuts it into frames of 32 KB, and bills by those.
pub const MAX_MESSAGE_BYTES: usize = 128 * 1024;

/// Bytes of an incoming frame, and of an outgoing one: API Gateway's quota.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;

/// An event as it is sent.
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
    pub fn to_room(room: Room, event: Event, timestamp: Timestamp) -> Self {
        let sid = match room {
            Room::Session(id) | Room::Presenter(id) => Some(id),
            Room::User(_) | Room::Channel(_) | Room::Team => None,
        };
        Self { sid, room: Some(room), event, timestamp }
    }

    pub const fn to_connection(sid: Option<SessionId>, event: Event, timestamp: Timestamp) -> Self {
        Self { sid, room: None, event, timestamp }
    }

    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// What a client may put into `ref`.
pub(crate) fn reference_schema() -> Schema {
    let either = SchemaType::from_iter([Type::String, Type::Number]);
    Schema::Object(ObjectBuilder::new().schema_type(either).build())
}

/// A message from a client: its type, its fields and what it wants answers to refer to.
#[derive(Clone, Debug)]
pub struct IncomingFrame {
    pub message_type: String,
    pub payload: Value,
    pub reference: Option<Value>,
}

impl IncomingFrame {
    /// Reads the envelope, or the flat form with fields beside `type`.
    ///
    /// # Errors
    /// `Malformed` where it is not a JSON object with a string `type`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| Error::Malformed(format!("not JSON: {error}")))?;
        let Value::Object(mut fields) = value else {
            return Err(Error::Malformed("a message is a JSON object".into()));
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
        /// Whatever comes in a frame is a command or a refusal, never a panic.
        #[test]
        fn any_frame_is_read_or_refused(text in ".*") {
            let _ = IncomingFrame::parse(&text).map(|message| check(&message));
        }

        #[test]
        fn any_payload_is_read_or_refused(
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
    fn both_forms_read_the_same() {
        let nested =
            IncomingFrame::parse(r#"{"type":"ping","payload":{"a":1},"timestamp":"x","ref":"7"}"#).unwrap();
        let flat = IncomingFrame::parse(r#"{"type":"ping","a":1,"ref":"7"}"#).unwrap();
        assert_eq!((&nested.message_type, &nested.payload), (&flat.message_type, &flat.payload));
        assert_eq!(nested.reference, flat.reference);
    }

    #[test]
    fn what_is_no_message_says_why() {
        for (text, why) in [
            ("{", "not JSON"),
            ("[]", "a message is a JSON object"),
            ("{}", "type: must be a string"),
            (r#"{"type":1}"#, "type: must be a string"),
            (r#"{"type":"a","payload":3}"#, "payload: must be an object"),
        ] {
            let error = IncomingFrame::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
