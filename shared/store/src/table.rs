//! The key language: the only file where a key string is written. `Display` of [`Pk`] and [`Sk`] is what lies in the
//! table; the snapshot below is the map a reviewer sees change.

use std::fmt;

use uuid::Uuid;

use model::{
    ActionId, ChannelId, ImageId, LoginId, MessageId, ParticipantId, PresentationId, QuestionId, SessionId,
    SlideId, UserId, join_code::JoinCode,
};

/// The partition of an item: what one query, or one hot spot, can cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pk<'a> {
    /// Who can administer accounts.
    Admins,
    /// What admins have done. One partition: people write here, a few times a day.
    Audit,
    /// Numbered changes of a channel's messages.
    Changes(ChannelId),
    /// A channel, and who is in it.
    Channel(ChannelId),
    ChannelName(&'a str),
    /// What the chat keeps about one account: its channels, drafts, preferences.
    Chat(UserId),
    Code(&'a JoinCode),
    Connection(&'a str),
    Email(&'a str),
    Idempotency(&'a str),
    Image(ImageId),
    Limit(&'a str, &'a str),
    /// Messages that mention someone.
    Mentions(UserId),
    /// The log of a channel. One partition: people write here, and read the newest.
    Messages(ChannelId),
    /// Who of the team is there. One partition: a write per person and minute.
    Online,
    Presentation(PresentationId),
    /// What the audience of a session asks.
    Questions(SessionId),
    /// Nothing lies there: reading it tells that the table answers.
    Ready,
    /// Answers to a message.
    Replies(MessageId),
    Reset(&'a str),
    Room(&'a str),
    Session(SessionId),
    /// Sessions that were created on this day, UTC.
    SessionsOn(&'a str),
    /// From a slide's id to its presentation.
    SlideOf(SlideId),
    Slug(&'a str),
    /// Where a word stands in the messages of the team.
    Term(&'a str),
    Ticket(&'a str),
    /// Who wants a question answered.
    Upvotes(SessionId, QuestionId),
    /// What an account has used of its plan.
    Usage(UserId),
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
    /// What the assistant answered, under the key of the question's wording.
    Answer(&'a str),
    Action(ActionId),
    /// One call of a model for a session, by the key of what asked for it.
    AiCall(&'a str),
    /// A channel that someone is in.
    Channel(ChannelId),
    /// The bytes of an image, by the upload that wrote them.
    Chunk(Uuid, u32),
    /// A connection in a room, after whoever holds it and the last two hexadecimal digits of that: a range of a room is
    /// a shard, and the connections of one holder lie together.
    Connection(Uuid, &'a str),
    /// That the item that the partition is named after is gone, and what is left of it is being cleared away.
    Deleted,
    /// When someone is written to of what they have missed.
    Digest,
    Draft(ChannelId),
    /// How far what follows from messages has been done.
    Followed,
    /// What a model writes on a slide.
    Generation(SlideId),
    /// Not beside the session itself: it is large.
    Leaderboard,
    Login(LoginId),
    /// Someone in a channel.
    Member(UserId),
    /// By when it was sent, then by its id.
    Mention(&'a str),
    /// `2026-11`
    Month(&'a str),
    /// That the chunks of this upload are of no image.
    Loose(Uuid),
    Notes,
    /// A place in a log, from 1 without gaps.
    Number(u64),
    Participant(ParticipantId),
    /// A message that is pinned, by its number.
    Pin(u64),
    Preferences,
    /// Beside the session itself, so that one query reads a session with all its counts.
    Presence,
    Question(QuestionId),
    /// Not beside the session itself: it is large.
    Report,
    Session(SessionId),
    /// A slide as it was shown in a session. Not beside the session itself: its content would ride along with every look.
    Shown(SlideId),
    Slide(SlideId),
    /// Beside the session itself, as [`Sk::Presence`].
    Tally(SlideId),
    /// How much of a limit a session has used.
    Used(&'a str),
    /// Someone who is there.
    User(UserId),
    Window(i64),
    /// A day, a channel and a part of its log: where a word stood in it.
    Written(&'a str, ChannelId, u64),
}

/// `gsi1`: the second question about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gsi1 {
    /// Public channels that are not archived, by name.
    Channels,
    /// Accounts that have a user name, by that. One partition, as [`Gsi1::Users`].
    Directory,
    /// Presentations of an owner, by `updated_at`.
    PresentationsOf(UserId),
    /// Sessions of an owner, by creation.
    SessionsOf(UserId),
    /// All accounts, by creation. One partition of the index: what it takes, 1,000 writes/s, is more than people sign up.
    Users,
}

impl fmt::Display for Pk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admins => f.write_str("ADMINS#"),
            Self::Audit => f.write_str("AUDIT#"),
            Self::Changes(channel) => write!(f, "CHANGES#{channel}"),
            Self::Channel(id) => write!(f, "CHANNEL#{id}"),
            Self::ChannelName(name) => write!(f, "CHANNEL_NAME#{name}"),
            Self::Chat(user) => write!(f, "CHAT#{user}"),
            Self::Code(code) => write!(f, "CODE#{code}"),
            Self::Connection(id) => write!(f, "CONNECTION#{id}"),
            Self::Email(email) => write!(f, "EMAIL#{email}"),
            Self::Idempotency(hash) => write!(f, "IDEMPOTENCY#{hash}"),
            Self::Image(id) => write!(f, "IMAGE#{id}"),
            Self::Limit(what, who) => write!(f, "LIMIT#{what}#{who}"),
            Self::Mentions(user) => write!(f, "MENTIONS#{user}"),
            Self::Messages(channel) => write!(f, "MESSAGES#{channel}"),
            Self::Online => f.write_str("ONLINE#"),
            Self::Presentation(id) => write!(f, "PRESENTATION#{id}"),
            Self::Questions(session) => write!(f, "QUESTIONS#{session}"),
            Self::Ready => f.write_str("READY#"),
            Self::Replies(message) => write!(f, "REPLIES#{message}"),
            Self::Reset(hash) => write!(f, "RESET#{hash}"),
            Self::Room(room) => write!(f, "ROOM#{room}"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::SessionsOn(day) => write!(f, "SESSIONS_ON#{day}"),
            Self::SlideOf(id) => write!(f, "SLIDE#{id}"),
            Self::Slug(slug) => write!(f, "SLUG#{slug}"),
            Self::Term(word) => write!(f, "TERM#{word}"),
            Self::Ticket(id) => write!(f, "TICKET#{id}"),
            Self::Upvotes(session, question) => write!(f, "UPVOTES#{session}#{question}"),
            Self::Usage(id) => write!(f, "USAGE#{id}"),
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
            Self::Answer(key) => write!(f, "ANSWER#{key}"),
            Self::Action(id) => write!(f, "ACTION#{id}"),
            Self::AiCall(key) => write!(f, "AI_CALL#{key}"),
            Self::Channel(id) => write!(f, "CHANNEL#{id}"),
            // padded: keys are compared as text
            Self::Chunk(upload, number) => write!(f, "CHUNK#{upload}#{number:03}"),
            Self::Connection(holder, id) => write!(f, "{}{id}", prefix::held_by(*holder)),
            Self::Deleted => f.write_str("DELETED"),
            Self::Digest => f.write_str("DIGEST"),
            Self::Draft(channel) => write!(f, "DRAFT#{channel}"),
            Self::Followed => f.write_str("FOLLOWED"),
            Self::Generation(slide) => write!(f, "GENERATION#{slide}"),
            Self::Leaderboard => f.write_str("LEADERBOARD"),
            Self::Login(id) => write!(f, "LOGIN#{id}"),
            Self::Member(user) => write!(f, "MEMBER#{user}"),
            Self::Mention(place) => write!(f, "MENTION#{place}"),
            Self::Month(month) => write!(f, "MONTH#{month}"),
            Self::Loose(upload) => write!(f, "LOOSE#{upload}"),
            Self::Notes => f.write_str("NOTES"),
            // padded: keys are compared as text
            Self::Number(number) => write!(f, "{}{number:012}", prefix::NUMBER),
            Self::Participant(id) => write!(f, "PARTICIPANT#{id}"),
            Self::Pin(number) => write!(f, "PIN#{number:012}"),
            Self::Preferences => f.write_str("PREFERENCES"),
            Self::Presence => f.write_str("#PRESENCE"),
            Self::Question(id) => write!(f, "QUESTION#{id}"),
            Self::Report => f.write_str("REPORT"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::Shown(slide) => write!(f, "SHOWN#{slide}"),
            Self::Slide(id) => write!(f, "SLIDE#{id}"),
            Self::Tally(id) => write!(f, "#TALLY#{id}"),
            Self::Used(what) => write!(f, "USED#{what}"),
            Self::User(id) => write!(f, "USER#{id}"),
            // padded: keys are compared as text
            Self::Window(start) => write!(f, "WINDOW#{start:012}"),
            // padded: keys are compared as text
            Self::Written(day, channel, part) => write!(f, "{}{day}#{channel}#{part:010}", prefix::WRITTEN),
        }
    }
}

impl fmt::Display for Gsi1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels => f.write_str("CHANNELS#"),
            Self::Directory => f.write_str("DIRECTORY#"),
            Self::PresentationsOf(user) => write!(f, "PRESENTATIONS_OF#{user}"),
            Self::SessionsOf(user) => write!(f, "SESSIONS_OF#{user}"),
            Self::Users => f.write_str("USERS#"),
        }
    }
}

/// What the sort keys of one sort of item start with, for queries over a partition.
pub mod prefix {
    /// The named item and what lies beside it.
    pub const SELF: &str = "#";
    pub const ACTION: &str = "ACTION#";
    pub const AI_CALL: &str = "AI_CALL#";
    pub const CHANNEL: &str = "CHANNEL#";
    pub const CONNECTION: &str = "CONNECTION#";
    pub const DRAFT: &str = "DRAFT#";

    /// The connections of one holder in a room.
    pub fn held_by(holder: uuid::Uuid) -> String {
        // the last byte of a UUID is random in v7 and hashed in v5
        format!("{CONNECTION}{:02x}#{holder}#", holder.as_bytes()[15])
    }

    pub const LOGIN: &str = "LOGIN#";
    pub const MEMBER: &str = "MEMBER#";
    pub const MENTION: &str = "MENTION#";
    pub const MONTH: &str = "MONTH#";
    pub const NUMBER: &str = "NUMBER#";
    pub const PARTICIPANT: &str = "PARTICIPANT#";
    pub const PIN: &str = "PIN#";
    pub const QUESTION: &str = "QUESTION#";
    pub const SESSION: &str = "SESSION#";
    pub const SHOWN: &str = "SHOWN#";
    pub const SLIDE: &str = "SLIDE#";
    pub const USER: &str = "USER#";
    pub const WRITTEN: &str = "WRITTEN#";
}

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
