//! The id of a message, which is its position in the log of its channel.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{ChannelId, id::ResourceId};

/// A channel and the sequence number of a message, as `{channel, 32 hexadecimal digits}-{number}`.
///
/// It is not a UUID like other ids. Messages are stored by number under their channel, and an id with both parts needs
/// no index, which would cost a third write per message. Clients treat it as an opaque string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    pub channel: ChannelId,
    /// The sequence number, from 1, without gaps.
    pub seq: u64,
}

/// The text is not the id of a message.
#[derive(Debug, thiserror::Error)]
#[error("must be the id of a message")]
pub struct ParseMessageIdError;

impl ResourceId for MessageId {
    const WHAT: &'static str = "message";
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.channel.uuid().simple(), self.seq)
    }
}

impl FromStr for MessageId {
    type Err = ParseMessageIdError;
    fn from_str(text: &str) -> Result<Self, ParseMessageIdError> {
        let (channel, seq) = text.split_once('-').ok_or(ParseMessageIdError)?;
        let channel = Uuid::parse_str(channel).map_err(|_| ParseMessageIdError)?;
        let id = Self { channel: channel.into(), seq: seq.parse().map_err(|_| ParseMessageIdError)? };
        // one spelling: `+1`, `01` and upper case are refused
        if id.seq > 0 && id.to_string() == text { Ok(id) } else { Err(ParseMessageIdError) }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for MessageId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("The id of a message. Clients treat it as an opaque string."))
            .pattern(Some("^[0-9a-f]{32}-[1-9][0-9]*$"))
            .into()
    }
}

impl utoipa::ToSchema for MessageId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = MessageId { channel: Uuid::from_u128(0xabc).into(), seq: 42 };
        let text = "00000000000000000000000000000abc-42";
        assert_eq!((id.to_string().as_str(), text.parse().ok()), (text, Some(id)));
        for bad in
            ["", "42", "x-42", "00000000000000000000000000000abc-0", "00000000000000000000000000000abc-042"]
        {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
        assert!("00000000000000000000000000000ABC-42".parse::<MessageId>().is_err());
        assert!("00000000-0000-0000-0000-000000000abc-42".parse::<MessageId>().is_err());
    }
}
