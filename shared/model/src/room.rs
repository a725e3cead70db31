//! Rooms, which are groups of connections that receive the same events.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{ChannelId, SessionId, UserId};

/// A group of connections that an event is published to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// All connections of a session.
    Session(SessionId),
    /// The presenter's connections of a session. Names and single responses are published only here.
    Presenter(SessionId),
    /// All connections of an account.
    User(UserId),
    /// All connected members of a channel.
    Channel(ChannelId),
    /// All connected members of the team.
    Team,
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Presenter(id) => write!(f, "presenter:{id}"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Channel(id) => write!(f, "channel:{id}"),
            Self::Team => f.write_str("team:"),
        }
    }
}

/// The text is not the name of a room.
#[derive(Debug, thiserror::Error)]
#[error("must be the name of a room")]
pub struct ParseRoomError;

impl FromStr for Room {
    type Err = ParseRoomError;
    fn from_str(text: &str) -> Result<Self, ParseRoomError> {
        let (kind, id) = text.split_once(':').ok_or(ParseRoomError)?;
        match kind {
            "session" => Ok(Self::Session(id.parse().map_err(|_| ParseRoomError)?)),
            "presenter" => Ok(Self::Presenter(id.parse().map_err(|_| ParseRoomError)?)),
            "user" => Ok(Self::User(id.parse().map_err(|_| ParseRoomError)?)),
            "channel" => Ok(Self::Channel(id.parse().map_err(|_| ParseRoomError)?)),
            "team" if id.is_empty() => Ok(Self::Team),
            _ => Err(ParseRoomError),
        }
    }
}

impl Serialize for Room {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_room_has_one_name() {
        let id = Uuid::from_u128(7);
        let of_one = [Room::Session(id.into()), Room::Presenter(id.into()), Room::User(id.into())];
        for room in of_one.into_iter().chain([Room::Channel(id.into()), Room::Team]) {
            assert_eq!(room.to_string().parse::<Room>().ok(), Some(room));
        }
        assert!("session:x".parse::<Room>().is_err() && "user".parse::<Room>().is_err());
        assert!("team:x".parse::<Room>().is_err());
    }
}
