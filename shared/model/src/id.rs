//! Typed ids: a UUID that knows what it names, so that a slide's id cannot be passed for a session's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an id is of, in an error's words.
pub trait ResourceId: FromStr {
    const WHAT: &'static str;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// The bare UUID, for deriving one id from another.
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
    /// An owner's image of these bytes; derived from both, see [`ImageId::of`].
    ImageId = "image";
    /// Something that an admin did.
    ActionId = "action";
    /// A channel of a team; of a direct one and of the default ones derived, see [`crate::channel`].
    ChannelId = "channel";
    /// One log-in of an account on one device: the family of its refresh tokens.
    LoginId = "log-in";
    /// Someone in a session, with or without an account.
    ParticipantId = "participant";
    PresentationId = "presentation";
    /// What someone in an audience asks.
    QuestionId = "question";
    /// One participant's answer to one slide; derived from the three, see [`ResponseId::of`].
    ResponseId = "response";
    SessionId = "session";
    SlideId = "slide";
    UserId = "user";
}

impl ImageId {
    /// The same bytes of the same owner are one image, however often they are uploaded. Of another owner they are another
    /// image: nobody's deletion takes it from anybody else.
    pub fn derive(owner: UserId, sha256: &[u8; 32]) -> Self {
        Self(Uuid::new_v5(&owner.0, sha256))
    }
}

impl ParticipantId {
    /// The participant that an account is in a session: the same however often it joins.
    pub fn derive_for_account(session: SessionId, user: UserId) -> Self {
        Self(Uuid::new_v5(&session.0, user.0.as_bytes()))
    }
}

impl QuestionId {
    /// A participant who asks the same twice (`model::question::key`) has asked once: a repeated request is harmless.
    pub fn derive(session: SessionId, participant: ParticipantId, key: &str) -> Self {
        let name = [participant.0.as_bytes(), key.as_bytes()].concat();
        Self(Uuid::new_v5(&session.0, &name))
    }
}

impl ResponseId {
    /// A participant has one response per slide and session, so its id follows from them and a repeated vote keeps it.
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
    fn a_response_keeps_its_id_and_no_two_share_one() {
        let (session, other) = (SessionId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let (slide, participant) = (SlideId(Uuid::from_u128(3)), ParticipantId(Uuid::from_u128(4)));
        let id = ResponseId::derive(session, slide, participant);
        assert_eq!(id, ResponseId::derive(session, slide, participant));
        assert_ne!(id, ResponseId::derive(other, slide, participant));
        assert_ne!(id, ResponseId::derive(session, SlideId(participant.0), ParticipantId(slide.0)));
    }
}
