//! Typed ids. Each is a UUID with a type of its own, so that the id of a slide cannot be passed as the id of a session.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An id that knows the name of its resource for error messages.
pub trait ResourceId: FromStr {
    /// The name of the resource, for example `slide`.
    const WHAT: &'static str;
}

/// Makes an id type from each line of a table. A line has the type and the name of its resource.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Returns the UUID, for deriving one id from another.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl ResourceId for $name {
            const WHAT: &'static str = $what;
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// The id of an image. The bytes and their owner determine it.
    ImageId = "image";
    /// The id of an entry in the audit log.
    ActionId = "action";
    /// The id of a channel.
    ChannelId = "channel";
    /// The id of an invitation to register.
    InvitationId = "invitation";
    /// The id of a log-in of an account on one device.
    LoginId = "log-in";
    /// The id of an unfinished end of several log-ins.
    LoginRevocationId = "revocation";
    /// The id of a participant of a session, with or without an account.
    ParticipantId = "participant";
    /// The id of a presentation.
    PresentationId = "presentation";
    /// The id of a question of the audience.
    QuestionId = "question";
    /// The id of one participant's response to one slide.
    ResponseId = "response";
    /// The id of a session.
    SessionId = "session";
    /// The id of a slide.
    SlideId = "slide";
    /// The id of an account.
    UserId = "user";
}

impl ImageId {
    /// Derives the id from the owner and the SHA-256 of the bytes. Repeated uploads of one owner are one image. Another
    /// owner's upload of the same bytes is another image, so a deletion does not affect the other owner.
    pub fn derive(owner: UserId, sha256: &[u8; 32]) -> Self {
        Self(Uuid::new_v5(&owner.0, sha256))
    }
}

impl ParticipantId {
    /// Derives the participant of an account in a session. The account stays the same participant when it joins again.
    pub fn derive_for_account(session: SessionId, user: UserId) -> Self {
        Self(Uuid::new_v5(&session.0, user.0.as_bytes()))
    }
}

impl QuestionId {
    /// Derives the id from the wording key of the question ([`wording_key`](crate::question::wording_key)). A
    /// participant who asks the same question twice has asked it once, so retries are safe.
    pub fn derive(session: SessionId, participant: ParticipantId, key: &str) -> Self {
        let name = [participant.0.as_bytes(), key.as_bytes()].concat();
        Self(Uuid::new_v5(&session.0, &name))
    }
}

impl ResponseId {
    /// Derives the id. A participant has one response per slide and session, so a repeated vote replaces the earlier
    /// one.
    pub fn derive(session: SessionId, slide: SlideId, participant: ParticipantId) -> Self {
        let mut name = [0; 32];
        name[..16].copy_from_slice(slide.0.as_bytes());
        name[16..].copy_from_slice(participant.0.as_bytes());
        Self(Uuid::new_v5(&session.0, &name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_response_is_stable_and_unique() {
        let session = SessionId(Uuid::from_u128(1));
        let other = SessionId(Uuid::from_u128(2));
        let slide = SlideId(Uuid::from_u128(3));
        let participant = ParticipantId(Uuid::from_u128(4));
        let id = ResponseId::derive(session, slide, participant);
        assert_eq!(id, ResponseId::derive(session, slide, participant));
        assert_ne!(id, ResponseId::derive(other, slide, participant));
        assert_ne!(id, ResponseId::derive(session, SlideId(participant.0), ParticipantId(slide.0)));
    }
}
