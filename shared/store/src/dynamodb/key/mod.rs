//! The key language. Key strings are written here and nowhere else.
//!
//! `Display` of [`PartitionKey`] and [`SortKey`] is the text in the table. A snapshot test shows a reviewer every
//! change of it.

mod gsi1;
mod pk;
pub mod prefix;
mod sk;

use model::{ImageId, ParticipantId, SessionId, UserId};

pub use self::{gsi1::Gsi1Partition, pk::PartitionKey, sk::SortKey};

/// Returns the session of a partition of questions.
pub(crate) fn session_of_questions(pk: &str) -> Option<SessionId> {
    pk.strip_prefix("QUESTIONS#")?.parse().ok()
}

/// Returns the session of a session's partition.
pub(crate) fn session_of(pk: &str) -> Option<SessionId> {
    pk.strip_prefix("SESSION#")?.parse().ok()
}

/// Returns the account of an account's partition.
pub(crate) fn user_of(pk: &str) -> Option<UserId> {
    pk.strip_prefix("USER#")?.parse().ok()
}

/// Returns the image of an image's partition.
pub(crate) fn image_of(pk: &str) -> Option<ImageId> {
    pk.strip_prefix("IMAGE#")?.parse().ok()
}

/// Shards of a large room. Each shard is the range of one first hexadecimal digit.
pub const ROOM_SHARDS: u8 = 16;

/// Returns the range of sort keys of one shard of a room.
pub fn room_shard(shard: u8) -> (String, String) {
    let digit = format!("{:x}", shard % ROOM_SHARDS);
    (format!("{}{digit}", prefix::CONNECTION), format!("{}{digit}g", prefix::CONNECTION))
}

/// Shards of the answers to one slide, which together take 4 × 1,000 writes a second.
pub const VOTE_SHARDS: u8 = 4;

/// Returns the shard that stores the answers of a participant.
pub fn vote_shard(participant: ParticipantId) -> u8 {
    // The last byte of a UUID is random in v7 and hashed in v5.
    participant.uuid().as_bytes()[15] % VOTE_SHARDS
}

/// A primary key as it is sent to DynamoDB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    pub fn new(pk: &PartitionKey<'_>, sk: &SortKey<'_>) -> Self {
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
        let code = JoinCode::parse("K7M2QX").unwrap();
        let partitions = [
            PartitionKey::Admins,
            PartitionKey::AuditLog,
            PartitionKey::Changes(id.into()),
            PartitionKey::Channel(id.into()),
            PartitionKey::ChannelName("general"),
            PartitionKey::Chat(id.into()),
            PartitionKey::JoinCode(&code),
            PartitionKey::Connection("c="),
            PartitionKey::DeploymentKeys,
            PartitionKey::Email("ana@example.com"),
            PartitionKey::Idempotency("hash"),
            PartitionKey::Image(id.into()),
            PartitionKey::Invitations,
            PartitionKey::RateLimit("login", "ana@example.com"),
            PartitionKey::Mentions(id.into()),
            PartitionKey::Messages(id.into()),
            PartitionKey::Once("key"),
            PartitionKey::TeamPresence,
            PartitionKey::Presentation(id.into()),
            PartitionKey::Questions(id.into()),
            PartitionKey::Replies(MessageId { channel: id.into(), seq: 42 }),
            PartitionKey::PasswordReset("hash"),
            PartitionKey::Room("session:1"),
            PartitionKey::Session(id.into()),
            PartitionKey::SessionsOn("2026-11-21"),
            PartitionKey::SlideOf(id.into()),
            PartitionKey::Slug("talk-1"),
            PartitionKey::SearchTerm(id.into(), "heron"),
            PartitionKey::Ticket("id"),
            PartitionKey::Upvotes(id.into(), id.into()),
            PartitionKey::Usage(id.into()),
            PartitionKey::User(id.into()),
            PartitionKey::Username("ana"),
            PartitionKey::Votes(id.into(), id.into(), 3),
        ]
        .map(|pk| pk.to_string());
        let sorts = [
            SortKey::Self_,
            SortKey::CachedAnswer("key"),
            SortKey::AuditEntry(id.into()),
            SortKey::AiCall("question"),
            SortKey::Onboarding,
            SortKey::Channel(id.into()),
            SortKey::Chunk(id, 7),
            SortKey::Connection(id, "c="),
            SortKey::DeletedMarker,
            SortKey::MentionDigest,
            SortKey::Draft(id.into()),
            SortKey::ProjectionCheckpoint,
            SortKey::EmailVerification,
            SortKey::Generation(id.into()),
            SortKey::Invitation(id.into()),
            SortKey::Leaderboard,
            SortKey::Login(id.into()),
            SortKey::LoginRevocation(id.into()),
            SortKey::ChannelMember(id.into()),
            SortKey::Mention("2026-11-21T12:00:00.000Z#id"),
            SortKey::Month("2026-11"),
            SortKey::OrphanedChunks(id),
            SortKey::KnownNetwork("192.0.2.7"),
            SortKey::Notes,
            SortKey::Number(42),
            SortKey::Pin(42),
            SortKey::Preferences,
            SortKey::Participant(id.into()),
            SortKey::RemovedParticipants,
            SortKey::Presence,
            SortKey::Question(id.into()),
            SortKey::Report,
            SortKey::Session(id.into()),
            SortKey::SlideSnapshot(id.into()),
            SortKey::Slide(id.into()),
            SortKey::Tally(id.into()),
            SortKey::QuotaUsage("participants"),
            SortKey::User(id.into()),
            SortKey::Window(7),
            SortKey::SearchTerm("2026-11-21", 7),
            SortKey::BlockedUser(id.into()),
            SortKey::RefusedJoins(id),
            SortKey::TurnedAway,
        ]
        .map(|sk| sk.to_string());
        let indexes = [
            Gsi1Partition::Channels,
            Gsi1Partition::Directory,
            Gsi1Partition::PresentationsOf(id.into()),
            Gsi1Partition::SessionsOf(id.into()),
            Gsi1Partition::Users,
        ]
        .map(|key| key.to_string());
        insta::assert_debug_snapshot!("keys", (partitions, sorts, indexes));
    }

    #[test]
    fn owners_are_read_from_partition_keys() {
        let user = UserId::from(Uuid::from_u128(7));
        assert_eq!(user_of(&PartitionKey::User(user).to_string()), Some(user));
        assert_eq!(user_of(&PartitionKey::Session(Uuid::from_u128(7).into()).to_string()), None);
        let image = ImageId::from(Uuid::from_u128(7));
        assert_eq!(image_of(&PartitionKey::Image(image).to_string()), Some(image));
        assert_eq!(image_of(&PartitionKey::User(user).to_string()), None);
    }

    #[test]
    fn each_connection_is_in_one_shard_and_shards_are_even() {
        let mut sizes = [0_u32; ROOM_SHARDS as usize];
        for n in 0..1600_u32 {
            let holder = Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes());
            let sk = SortKey::Connection(holder, "Zq8dAcE=").to_string();
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
