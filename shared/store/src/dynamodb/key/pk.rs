//! Partition keys.

use std::fmt;

use model::{
    ChannelId, ImageId, MessageId, PresentationId, QuestionId, SessionId, SlideId, UserId,
    join_code::JoinCode,
};

/// The partition of an item. One query covers one partition, and load concentrates on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionKey<'a> {
    /// The super admins.
    Admins,
    /// The audit log. One partition is enough, because admins write a few entries a day.
    AuditLog,
    /// Numbered changes of a channel's messages.
    Changes(ChannelId),
    /// Invitations that are open. One partition is enough, because staff invites people by hand.
    Invitations,
    /// A channel with its members.
    Channel(ChannelId),
    ChannelName(&'a str),
    /// The chat's private rows of one account: memberships, drafts, preferences.
    Chat(UserId),
    JoinCode(&'a JoinCode),
    Connection(&'a str),
    /// The public keys of tokens, and the secrets that all functions share.
    DeploymentKeys,
    Email(&'a str),
    Idempotency(&'a str),
    Image(ImageId),
    RateLimit(&'a str, &'a str),
    /// Messages that mention an account.
    Mentions(UserId),
    /// The message log of a channel. One partition is enough, because people write at human speed and read the newest
    /// messages.
    Messages(ChannelId),
    /// Presence of the team's members. One partition is enough for one write per member and minute.
    TeamPresence,
    Presentation(PresentationId),
    /// Questions of a session's audience.
    Questions(SessionId),
    /// Replies to a message.
    Replies(MessageId),
    PasswordReset(&'a str),
    Room(&'a str),
    Session(SessionId),
    /// Sessions that were created on this day (UTC).
    SessionsOn(&'a str),
    /// The pointer from a slide's id to its presentation.
    SlideOf(SlideId),
    Slug(&'a str),
    /// The messages that contain a word.
    SearchTerm(ChannelId, &'a str),
    Ticket(&'a str),
    /// Up-votes for a question.
    Upvotes(SessionId, QuestionId),
    /// Usage of an account's plan.
    Usage(UserId),
    User(UserId),
    Username(&'a str),
    /// One shard of the answers to a slide. Ten thousand participants answer within seconds, and a partition takes
    /// 1,000 writes a second.
    Votes(SessionId, SlideId, u8),
    /// Claims of work that must be done once.
    Once(&'a str),
}

impl fmt::Display for PartitionKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admins => f.write_str("ADMINS#"),
            Self::AuditLog => f.write_str("AUDIT#"),
            Self::Changes(channel) => write!(f, "CHANGES#{channel}"),
            Self::Channel(id) => write!(f, "CHANNEL#{id}"),
            Self::ChannelName(name) => write!(f, "CHANNEL_NAME#{name}"),
            Self::Chat(user) => write!(f, "CHAT#{user}"),
            Self::JoinCode(code) => write!(f, "CODE#{code}"),
            Self::Connection(id) => write!(f, "CONNECTION#{id}"),
            Self::DeploymentKeys => f.write_str("KEYS#"),
            Self::Email(email) => write!(f, "EMAIL#{email}"),
            Self::Idempotency(hash) => write!(f, "IDEMPOTENCY#{hash}"),
            Self::Image(id) => write!(f, "IMAGE#{id}"),
            Self::Invitations => f.write_str("INVITATIONS#"),
            Self::RateLimit(what, who) => write!(f, "LIMIT#{what}#{who}"),
            Self::Mentions(user) => write!(f, "MENTIONS#{user}"),
            Self::Messages(channel) => write!(f, "MESSAGES#{channel}"),
            Self::TeamPresence => f.write_str("ONLINE#"),
            Self::Presentation(id) => write!(f, "PRESENTATION#{id}"),
            Self::Questions(session) => write!(f, "QUESTIONS#{session}"),
            Self::Replies(message) => write!(f, "REPLIES#{message}"),
            Self::PasswordReset(hash) => write!(f, "RESET#{hash}"),
            Self::Room(room) => write!(f, "ROOM#{room}"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::SessionsOn(day) => write!(f, "SESSIONS_ON#{day}"),
            Self::SlideOf(id) => write!(f, "SLIDE#{id}"),
            Self::Slug(slug) => write!(f, "SLUG#{slug}"),
            Self::SearchTerm(channel, word) => write!(f, "TERM#{channel}#{word}"),
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
