//! Places inside a partition.

use std::fmt;

use uuid::Uuid;

use model::{ActionId, ChannelId, LoginId, ParticipantId, QuestionId, SessionId, SlideId, UserId};

use super::prefix;

/// The place of an item inside its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey<'a> {
    /// The item that the partition is named after.
    Self_,
    /// What the assistant answered, under the key of the question's wording.
    CachedAnswer(&'a str),
    AuditEntry(ActionId),
    /// One call of a model for a session, by the key of what asked for it.
    AiCall(&'a str),
    /// That someone has come into the team's chat.
    Onboarding,
    /// A channel that someone is in.
    Channel(ChannelId),
    /// The bytes of an image, by the upload that wrote them.
    Chunk(Uuid, u32),
    /// A connection in a room, after whoever holds it and the last two hexadecimal digits of that: a range of a room is
    /// a shard, and the connections of one holder lie together.
    Connection(Uuid, &'a str),
    /// That the item that the partition is named after is gone, and what is left of it is being cleared away.
    DeletedMarker,
    /// When someone is written to of what they have missed.
    MentionDigest,
    Draft(ChannelId),
    /// How far what follows from messages has been done.
    ProjectionCheckpoint,
    /// What a model writes on a slide.
    Generation(SlideId),
    /// Not beside the session itself: it is large.
    Leaderboard,
    Login(LoginId),
    /// Someone in a channel.
    ChannelMember(UserId),
    /// By when it was sent, then by its id.
    Mention(&'a str),
    /// `2026-11`
    Month(&'a str),
    /// That the chunks of this upload are of no image.
    OrphanedChunks(Uuid),
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
    SlideSnapshot(SlideId),
    Slide(SlideId),
    /// Beside the session itself, as [`Sk::Presence`].
    Tally(SlideId),
    /// How much of a limit a session has used.
    QuotaUsage(&'a str),
    /// Someone who is there.
    User(UserId),
    Window(i64),
    /// A day, a channel and a part of its log: where a word stood in it.
    SearchTerm(&'a str, ChannelId, u64),
}

impl fmt::Display for SortKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Self_ => f.write_str("#"),
            Self::CachedAnswer(key) => write!(f, "ANSWER#{key}"),
            Self::AuditEntry(id) => write!(f, "ACTION#{id}"),
            Self::AiCall(key) => write!(f, "AI_CALL#{key}"),
            Self::Onboarding => f.write_str("ARRIVED"),
            Self::Channel(id) => write!(f, "CHANNEL#{id}"),
            // padded: keys are compared as text
            Self::Chunk(upload, number) => write!(f, "CHUNK#{upload}#{number:03}"),
            Self::Connection(holder, id) => write!(f, "{}{id}", prefix::held_by(*holder)),
            Self::DeletedMarker => f.write_str("DELETED"),
            Self::MentionDigest => f.write_str("DIGEST"),
            Self::Draft(channel) => write!(f, "DRAFT#{channel}"),
            Self::ProjectionCheckpoint => f.write_str("FOLLOWED"),
            Self::Generation(slide) => write!(f, "GENERATION#{slide}"),
            Self::Leaderboard => f.write_str("LEADERBOARD"),
            Self::Login(id) => write!(f, "LOGIN#{id}"),
            Self::ChannelMember(user) => write!(f, "MEMBER#{user}"),
            Self::Mention(place) => write!(f, "MENTION#{place}"),
            Self::Month(month) => write!(f, "MONTH#{month}"),
            Self::OrphanedChunks(upload) => write!(f, "LOOSE#{upload}"),
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
            Self::SlideSnapshot(slide) => write!(f, "SHOWN#{slide}"),
            Self::Slide(id) => write!(f, "SLIDE#{id}"),
            Self::Tally(id) => write!(f, "#TALLY#{id}"),
            Self::QuotaUsage(what) => write!(f, "USED#{what}"),
            Self::User(id) => write!(f, "USER#{id}"),
            // padded: keys are compared as text
            Self::Window(start) => write!(f, "WINDOW#{start:012}"),
            // padded: keys are compared as text
            Self::SearchTerm(day, channel, part) => {
                write!(f, "{}{day}#{channel}#{part:010}", prefix::WRITTEN)
            }
        }
    }
}
