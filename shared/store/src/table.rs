//! The key language: the only file where a key string is written. `Display` of [`Pk`] and [`Sk`] is what lies in the
//! table; the snapshot below is the map a reviewer sees change.

use std::fmt;

use uuid::Uuid;

use model::{
    ImageId, LoginId, ParticipantId, PresentationId, SessionId, SlideId, UserId, join_code::JoinCode,
};

/// The partition of an item: what one query, or one hot spot, can cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pk<'a> {
    Code(&'a JoinCode),
    Connection(&'a str),
    Email(&'a str),
    Idempotency(&'a str),
    Image(ImageId),
    Limit(&'a str, &'a str),
    Presentation(PresentationId),
    /// Nothing lies there: reading it tells that the table answers.
    Ready,
    Reset(&'a str),
    Room(&'a str),
    Session(SessionId),
    /// From a slide's id to its presentation.
    SlideOf(SlideId),
    Slug(&'a str),
    Ticket(&'a str),
    User(UserId),
    Username(&'a str),
    /// One shard of the answers to a slide: ten thousand people answer within seconds, a partition takes 1,000
    /// writes/s.
    Votes(SessionId, SlideId, u8),
    /// What a job has claimed, so that it runs once.
    Once(&'a str),
}

/// The place of an item inside its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sk<'a> {
    /// The item that the partition is named after.
    Self_,
    /// The bytes of an image, by the upload that wrote them.
    Chunk(Uuid, u32),
    /// A connection in a room, after whoever holds it and the last two hexadecimal digits of that: a range of a room is
    /// a shard, and the connections of one holder lie together.
    Connection(Uuid, &'a str),
    Login(LoginId),
    /// That the chunks of this upload are of no image.
    Loose(Uuid),
    Notes,
    Participant(ParticipantId),
    /// Beside the session itself, so that one query reads a session with all its counts.
    Presence,
    Session(SessionId),
    Slide(SlideId),
    /// Beside the session itself, as [`Sk::Presence`].
    Tally(SlideId),
    Window(i64),
}

/// `gsi1`: the second question about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gsi1 {
    /// Presentations of an owner, by `updated_at`.
    PresentationsOf(UserId),
    /// Sessions of an owner, by creation.
    SessionsOf(UserId),
}

impl fmt::Display for Pk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "CODE#{code}"),
            Self::Connection(id) => write!(f, "CONNECTION#{id}"),
            Self::Email(email) => write!(f, "EMAIL#{email}"),
            Self::Idempotency(hash) => write!(f, "IDEMPOTENCY#{hash}"),
            Self::Image(id) => write!(f, "IMAGE#{id}"),
            Self::Limit(what, who) => write!(f, "LIMIT#{what}#{who}"),
            Self::Presentation(id) => write!(f, "PRESENTATION#{id}"),
            Self::Ready => f.write_str("READY#"),
            Self::Reset(hash) => write!(f, "RESET#{hash}"),
            Self::Room(room) => write!(f, "ROOM#{room}"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::SlideOf(id) => write!(f, "SLIDE#{id}"),
            Self::Slug(slug) => write!(f, "SLUG#{slug}"),
            Self::Ticket(id) => write!(f, "TICKET#{id}"),
            Self::User(id) => write!(f, "USER#{id}"),
            Self::Username(name) => write!(f, "USERNAME#{name}"),
            Self::Votes(session, slide, shard) => write!(f, "VOTES#{session}#{slide}#{shard}"),
            Self::Once(key) => write!(f, "ONCE#{key}"),
        }
    }
}

impl fmt::Display for Sk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Self_ => f.write_str("#"),
            // padded: keys are compared as text
            Self::Chunk(upload, number) => write!(f, "CHUNK#{upload}#{number:03}"),
            Self::Connection(holder, id) => write!(f, "{}{id}", prefix::held_by(*holder)),
            Self::Login(id) => write!(f, "LOGIN#{id}"),
            Self::Loose(upload) => write!(f, "LOOSE#{upload}"),
            Self::Notes => f.write_str("NOTES"),
            Self::Participant(id) => write!(f, "PARTICIPANT#{id}"),
            Self::Presence => f.write_str("#PRESENCE"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::Slide(id) => write!(f, "SLIDE#{id}"),
            Self::Tally(id) => write!(f, "#TALLY#{id}"),
            // padded: keys are compared as text
            Self::Window(start) => write!(f, "WINDOW#{start:012}"),
        }
    }
}

impl fmt::Display for Gsi1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PresentationsOf(user) => write!(f, "PRESENTATIONS_OF#{user}"),
            Self::SessionsOf(user) => write!(f, "SESSIONS_OF#{user}"),
        }
    }
}

/// What the sort keys of one sort of item start with, for queries over a partition.
pub mod prefix {
    /// The named item and what lies beside it.
    pub const SELF: &str = "#";
    pub const CONNECTION: &str = "CONNECTION#";

    /// The connections of one holder in a room.
    pub fn held_by(holder: uuid::Uuid) -> String {
        // the last byte of a UUID is random in v7 and hashed in v5
        format!("{CONNECTION}{:02x}#{holder}#", holder.as_bytes()[15])
    }

    pub const LOGIN: &str = "LOGIN#";
    pub const PARTICIPANT: &str = "PARTICIPANT#";
    pub const SESSION: &str = "SESSION#";
    pub const SLIDE: &str = "SLIDE#";
}

/// Whose partition this is, where it is an account's.
pub(crate) fn user_of(pk: &str) -> Option<UserId> {
    pk.strip_prefix("USER#")?.parse().ok()
}

/// Which image's partition this is, where it is one's.
pub(crate) fn image_of(pk: &str) -> Option<ImageId> {
    pk.strip_prefix("IMAGE#")?.parse().ok()
}

/// Shards of a large room: ranges of the first hexadecimal digit.
pub const ROOM_SHARDS: u8 = 16;

/// The range of sort keys that is one shard of a room.
pub fn room_shard(shard: u8) -> (String, String) {
    let digit = format!("{:x}", shard % ROOM_SHARDS);
    (format!("{}{digit}", prefix::CONNECTION), format!("{}{digit}g", prefix::CONNECTION))
}

/// Shards of the answers to one slide: 4 × 1,000 writes/s.
pub const VOTE_SHARDS: u8 = 4;

/// Where a participant's answers lie.
pub fn vote_shard(participant: ParticipantId) -> u8 {
    // the last byte of a UUID is random in v7 and hashed in v5
    participant.uuid().as_bytes()[15] % VOTE_SHARDS
}

/// A primary key as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    pub fn new(pk: &Pk<'_>, sk: &Sk<'_>) -> Self {
        Self { pk: pk.to_string(), sk: sk.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_language() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let code = JoinCode::typed("K7M2QX").unwrap();
        let partitions = [
            Pk::Code(&code),
            Pk::Connection("c="),
            Pk::Email("ana@example.com"),
            Pk::Idempotency("hash"),
            Pk::Image(id.into()),
            Pk::Limit("login", "ana@example.com"),
            Pk::Once("key"),
            Pk::Presentation(id.into()),
            Pk::Ready,
            Pk::Reset("hash"),
            Pk::Room("session:1"),
            Pk::Session(id.into()),
            Pk::SlideOf(id.into()),
            Pk::Slug("talk-1"),
            Pk::Ticket("id"),
            Pk::User(id.into()),
            Pk::Username("ana"),
            Pk::Votes(id.into(), id.into(), 3),
        ]
        .map(|pk| pk.to_string());
        let sorts = [
            Sk::Self_,
            Sk::Chunk(id, 7),
            Sk::Connection(id, "c="),
            Sk::Login(id.into()),
            Sk::Loose(id),
            Sk::Notes,
            Sk::Participant(id.into()),
            Sk::Presence,
            Sk::Session(id.into()),
            Sk::Slide(id.into()),
            Sk::Tally(id.into()),
            Sk::Window(7),
        ]
        .map(|sk| sk.to_string());
        let indexes =
            [Gsi1::PresentationsOf(id.into()), Gsi1::SessionsOf(id.into())].map(|key| key.to_string());
        insta::assert_debug_snapshot!("keys", (partitions, sorts, indexes));
    }

    #[test]
    fn accounts_and_images_are_read_from_their_partitions() {
        let user = UserId::from(Uuid::from_u128(7));
        assert_eq!(user_of(&Pk::User(user).to_string()), Some(user));
        assert_eq!(user_of(&Pk::Session(Uuid::from_u128(7).into()).to_string()), None);
        let image = ImageId::from(Uuid::from_u128(7));
        assert_eq!(image_of(&Pk::Image(image).to_string()), Some(image));
        assert_eq!(image_of(&Pk::User(user).to_string()), None);
    }

    #[test]
    fn every_connection_is_in_exactly_one_shard_and_shards_are_even() {
        let mut sizes = [0_u32; ROOM_SHARDS as usize];
        for n in 0..1600_u32 {
            let holder = Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes());
            let sk = Sk::Connection(holder, "Zq8dAcE=").to_string();
            let within: Vec<u8> = (0..ROOM_SHARDS)
                .filter(|shard| {
                    let (from, to) = room_shard(*shard);
                    from <= sk && sk <= to
                })
                .collect();
            assert_eq!(within.len(), 1, "{sk}");
            sizes[usize::from(within[0])] += 1;
        }
        assert!(sizes.iter().all(|size| (40..=180).contains(size)), "{sizes:?}");
    }
}
