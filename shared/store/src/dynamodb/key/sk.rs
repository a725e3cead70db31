//! Sort keys.

use std::fmt;

use uuid::Uuid;

use model::{
    ActionId, ChannelId, InvitationId, LoginId, LoginRevocationId, ParticipantId, QuestionId, SessionId,
    SlideId, UserId,
};

use super::prefix;

/// The position of an item in its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey<'a> {
    /// The item that the partition is named after.
    Self_,
    /// An answer of the assistant, by the key of the question's wording.
    CachedAnswer(&'a str),
    AuditEntry(ActionId),
    /// A user that the account blocked.
    BlockedUser(UserId),
    /// One model call for a session, by the key of its cause.
    AiCall(&'a str),
    /// Marks that a member was added to the team's default channels.
    Onboarding,
    /// A channel that the account is a member of.
    Channel(ChannelId),
    /// A part of an image's bytes, by the upload that wrote it.
    Chunk(Uuid, u32),
    /// A connection in a room, by the holder and the last two hexadecimal digits of the holder's id. A shard is a range
    /// of a room, and the connections of one holder are adjacent.
    Connection(Uuid, &'a str),
    /// Marks that the item that the partition is named after was deleted, and that its rows are being deleted.
    DeletedMarker,
    /// The next e-mail about missed mentions.
    MentionDigest,
    Draft(ChannelId),
    /// The position up to which messages were processed.
    ProjectionCheckpoint,
    /// The proof of the account's e-mail address that is under way.
    EmailVerification,
    /// Text that a model writes on a slide.
    Generation(SlideId),
    Invitation(InvitationId),
    /// The leaderboard is large, so it is not read with the session.
    Leaderboard,
    Login(LoginId),
    /// An unfinished end of several log-ins.
    LoginRevocation(LoginRevocationId),
    /// A member of a channel.
    ChannelMember(UserId),
    /// The time at which the message was sent, then its id.
    Mention(&'a str),
    /// A month such as `2026-11`.
    Month(&'a str),
    /// Marks that the chunks of this upload belong to no image.
    OrphanedChunks(Uuid),
    /// A network from which an account logged in.
    KnownNetwork(&'a str),
    Notes,
    /// A position in a log, from 1 without gaps.
    Number(u64),
    Participant(ParticipantId),
    /// The joins that one instance has refused, because the session is full.
    RefusedJoins(Uuid),
    /// The participants that the presenter has removed. Few sessions have any.
    RemovedParticipants,
    /// A pinned message, by its number.
    Pin(u64),
    Preferences,
    /// The presence is read with the session, so that one query reads a session with all its counts.
    Presence,
    Question(QuestionId),
    /// The report is large, so it is not read with the session.
    Report,
    Session(SessionId),
    /// A slide as it was shown in a session. It is not read with the session, because every read would carry its
    /// content.
    SlideSnapshot(SlideId),
    Slide(SlideId),
    /// A tally is read with the session, as [`Self::Presence`] is.
    Tally(SlideId),
    /// How many joins were refused is read with the session, as [`Self::Presence`] is.
    TurnedAway,
    /// How much of a limit a session has used.
    QuotaUsage(&'a str),
    /// A member of the team.
    User(UserId),
    Window(i64),
    /// A day, a channel and a block of its log that contain a word.
    SearchTerm(&'a str, u64),
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
            // Padded, because keys are compared as text.
            Self::Chunk(upload, number) => write!(f, "CHUNK#{upload}#{number:03}"),
            Self::Connection(holder, id) => write!(f, "{}{id}", prefix::held_by(*holder)),
            Self::DeletedMarker => f.write_str("DELETED"),
            Self::MentionDigest => f.write_str("DIGEST"),
            Self::Draft(channel) => write!(f, "DRAFT#{channel}"),
            Self::ProjectionCheckpoint => f.write_str("FOLLOWED"),
            Self::EmailVerification => f.write_str("EMAIL_VERIFICATION"),
            Self::Generation(slide) => write!(f, "GENERATION#{slide}"),
            Self::Invitation(id) => write!(f, "{}{id}", prefix::INVITATION),
            Self::Leaderboard => f.write_str("LEADERBOARD"),
            Self::Login(id) => write!(f, "LOGIN#{id}"),
            Self::LoginRevocation(id) => write!(f, "REVOCATION#{id}"),
            Self::ChannelMember(user) => write!(f, "MEMBER#{user}"),
            Self::Mention(place) => write!(f, "MENTION#{place}"),
            Self::Month(month) => write!(f, "MONTH#{month}"),
            Self::OrphanedChunks(upload) => write!(f, "LOOSE#{upload}"),
            Self::KnownNetwork(network) => write!(f, "{}{network}", prefix::NETWORK),
            Self::Notes => f.write_str("NOTES"),
            // Padded, because keys are compared as text.
            Self::Number(number) => write!(f, "{}{number:012}", prefix::NUMBER),
            Self::Participant(id) => write!(f, "PARTICIPANT#{id}"),
            Self::BlockedUser(user) => write!(f, "{}{user}", prefix::BLOCKED),
            Self::RefusedJoins(counter) => write!(f, "{}{counter}", prefix::REFUSED),
            Self::RemovedParticipants => f.write_str("REMOVED"),
            Self::Pin(number) => write!(f, "PIN#{number:012}"),
            Self::Preferences => f.write_str("PREFERENCES"),
            Self::Presence => f.write_str("#PRESENCE"),
            Self::Question(id) => write!(f, "QUESTION#{id}"),
            Self::Report => f.write_str("REPORT"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::SlideSnapshot(slide) => write!(f, "SHOWN#{slide}"),
            Self::Slide(id) => write!(f, "SLIDE#{id}"),
            Self::Tally(id) => write!(f, "#TALLY#{id}"),
            Self::TurnedAway => f.write_str("#TURNED_AWAY"),
            Self::QuotaUsage(what) => write!(f, "USED#{what}"),
            Self::User(id) => write!(f, "USER#{id}"),
            // Padded, because keys are compared as text.
            Self::Window(start) => write!(f, "WINDOW#{start:012}"),
            // Padded, because keys are compared as text.
            Self::SearchTerm(day, part) => write!(f, "{}{day}#{part:010}", prefix::WRITTEN),
        }
    }
}
