//! The key language: the only room where a key string is written. `Display` of [`Pk`] and [`Sk`] is what lies in the
//! table; the snapshot below is the map a reviewer sees change.

mod gsi1;
mod pk;
pub mod prefix;
mod sk;

use model::{ImageId, ParticipantId, SessionId, UserId};

pub use self::{gsi1::Gsi1, pk::Pk, sk::Sk};

/// Whose questions these are, where it is a partition of questions.
pub(crate) fn session_of_questions(pk: &str) -> Option<SessionId> {
    pk.strip_prefix("QUESTIONS#")?.parse().ok()
}

/// Whose partition this is, where it is a session's.
pub(crate) fn session_of(pk: &str) -> Option<SessionId> {
    pk.strip_prefix("SESSION#")?.parse().ok()
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
    use model::{MessageId, join_code::JoinCode};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_key_language() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let code = JoinCode::typed("K7M2QX").unwrap();
        let partitions = [
            Pk::Admins,
            Pk::Audit,
            Pk::Changes(id.into()),
            Pk::Channel(id.into()),
            Pk::ChannelName("general"),
            Pk::Chat(id.into()),
            Pk::Code(&code),
            Pk::Connection("c="),
            Pk::Email("ana@example.com"),
            Pk::Idempotency("hash"),
            Pk::Image(id.into()),
            Pk::Limit("login", "ana@example.com"),
            Pk::Mentions(id.into()),
            Pk::Messages(id.into()),
            Pk::Once("key"),
            Pk::Online,
            Pk::Presentation(id.into()),
            Pk::Questions(id.into()),
            Pk::Ready,
            Pk::Replies(MessageId { channel: id.into(), seq: 42 }),
            Pk::Reset("hash"),
            Pk::Room("session:1"),
            Pk::Session(id.into()),
            Pk::SessionsOn("2026-11-21"),
            Pk::SlideOf(id.into()),
            Pk::Slug("talk-1"),
            Pk::Term("heron"),
            Pk::Ticket("id"),
            Pk::Upvotes(id.into(), id.into()),
            Pk::Usage(id.into()),
            Pk::User(id.into()),
            Pk::Username("ana"),
            Pk::Votes(id.into(), id.into(), 3),
        ]
        .map(|pk| pk.to_string());
        let sorts = [
            Sk::Self_,
            Sk::Answer("key"),
            Sk::Action(id.into()),
            Sk::AiCall("question"),
            Sk::Arrived,
            Sk::Channel(id.into()),
            Sk::Chunk(id, 7),
            Sk::Connection(id, "c="),
            Sk::Deleted,
            Sk::Digest,
            Sk::Draft(id.into()),
            Sk::Followed,
            Sk::Generation(id.into()),
            Sk::Leaderboard,
            Sk::Login(id.into()),
            Sk::Member(id.into()),
            Sk::Mention("2026-11-21T12:00:00.000Z#id"),
            Sk::Month("2026-11"),
            Sk::Loose(id),
            Sk::Notes,
            Sk::Number(42),
            Sk::Pin(42),
            Sk::Preferences,
            Sk::Participant(id.into()),
            Sk::Presence,
            Sk::Question(id.into()),
            Sk::Report,
            Sk::Session(id.into()),
            Sk::Shown(id.into()),
            Sk::Slide(id.into()),
            Sk::Tally(id.into()),
            Sk::Used("participants"),
            Sk::User(id.into()),
            Sk::Window(7),
            Sk::Written("2026-11-21", id.into(), 7),
        ]
        .map(|sk| sk.to_string());
        let indexes = [
            Gsi1::Channels,
            Gsi1::Directory,
            Gsi1::PresentationsOf(id.into()),
            Gsi1::SessionsOf(id.into()),
            Gsi1::Users,
        ]
        .map(|key| key.to_string());
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
