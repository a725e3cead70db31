//! Partitions.

use std::fmt;

use model::{
    ChannelId, ImageId, MessageId, PresentationId, QuestionId, SessionId, SlideId, UserId,
    join_code::JoinCode,
};

/// The partition of an item: what one query, or one hot spot, can cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionKey<'a> {
    /// Who can administer accounts.
    Admins,
    /// What admins have done. One partition: people write here, a few times a day.
    AuditLog,
    /// Numbered changes of a channel's messages.
    Changes(ChannelId),
    /// A channel, and who is in it.
    Channel(ChannelId),
    ChannelName(&'a str),
    /// What the chat keeps about one account: its channels, drafts, preferences.
    Chat(UserId),
    JoinCode(&'a JoinCode),
    Connection(&'a str),
    Email(&'a str),
    Idempotency(&'a str),
    Image(ImageId),
    RateLimit(&'a str, &'a str),
    /// Messages that mention someone.
    Mentions(UserId),
    /// The log of a channel. One partition: people write here, and read the newest.
    Messages(ChannelId),
    /// Who of the team is there. One partition: a write per person and minute.
    TeamPresence,
    Presentation(PresentationId),
    /// What the audience of a session asks.
    Questions(SessionId),
    /// Nothing lies there: reading it tells that the table answers.
    ReachabilityProbe,
    /// Answers to a message.
    Replies(MessageId),
    PasswordReset(&'a str),
    Room(&'a str),
    Session(SessionId),
    /// Sessions that were created on this day, UTC.
    SessionsOn(&'a str),
    /// From a slide's id to its presentation.
    SlideOf(SlideId),
    Slug(&'a str),
    /// Where a word stands in the messages of the team.
    SearchTerm(&'a str),
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
            Self::Email(email) => write!(f, "EMAIL#{email}"),
            Self::Idempotency(hash) => write!(f, "IDEMPOTENCY#{hash}"),
            Self::Image(id) => write!(f, "IMAGE#{id}"),
            Self::RateLimit(what, who) => write!(f, "LIMIT#{what}#{who}"),
            Self::Mentions(user) => write!(f, "MENTIONS#{user}"),
            Self::Messages(channel) => write!(f, "MESSAGES#{channel}"),
            Self::TeamPresence => f.write_str("ONLINE#"),
            Self::Presentation(id) => write!(f, "PRESENTATION#{id}"),
            Self::Questions(session) => write!(f, "QUESTIONS#{session}"),
            Self::ReachabilityProbe => f.write_str("READY#"),
            Self::Replies(message) => write!(f, "REPLIES#{message}"),
            Self::PasswordReset(hash) => write!(f, "RESET#{hash}"),
            Self::Room(room) => write!(f, "ROOM#{room}"),
            Self::Session(id) => write!(f, "SESSION#{id}"),
            Self::SessionsOn(day) => write!(f, "SESSIONS_ON#{day}"),
            Self::SlideOf(id) => write!(f, "SLIDE#{id}"),
            Self::Slug(slug) => write!(f, "SLUG#{slug}"),
            Self::SearchTerm(word) => write!(f, "TERM#{word}"),
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
