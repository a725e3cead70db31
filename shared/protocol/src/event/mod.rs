//! The events that clients receive. Adding a variant is compatible. A changed event needs a new variant.
//!
//! # Recipe: a new event
//!
//! 1. Add the payload struct with a description to the file of its product.
//! 2. Add the variant here, with a summary, an empty line, and a description that names the receivers and the occasion.
//! 3. Add an example to `tests/e2e/contracts/wire_is_compatible` and rewrite `asyncapi/events.json` with
//!    `COLLOQUY_UPDATE=1 cargo test -p tests events_keep`.
//! 4. Run `cargo run -- asyncapi > infra/asyncapi.json`.

pub mod chat;
mod questions;
mod sessions;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use self::{
    questions::{AiResponse, GenerationUpdated, QuestionAnswer, QuestionView},
    sessions::{
        ConnectionRole, CurrentSlideChanged, LeaderboardUpdated, OwnResponse, ParticipantCount,
        ParticipantJoined, ParticipantLeft, ReportReady, ResponseSubmitted, ResponseSuperseded,
        ResultsChanged, SessionEnded, SessionFull, SessionSlideView, SessionStarted, SessionState,
        SessionStatusChanged, SessionUpdated, VoteUpdate,
    },
};

/// An event on a socket. The doc comments of the variants are the texts of the AsyncAPI document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum Event {
    /// The state of a session
    ///
    /// Sent to one connection after it opens, after `join` and `subscribe`, and after a `ping` with an older `version`.
    /// It is complete, so a client that has it has missed nothing.
    SessionState(Box<SessionState>),
    /// The current slide changed
    ///
    /// Sent to the session when the presenter shows another slide.
    SlideChanged(CurrentSlideChanged),
    /// The session started
    ///
    /// Sent to the session.
    SessionStarted(SessionStarted),
    /// The session was paused
    ///
    /// Sent to the session. Responses are refused until it resumes.
    SessionPaused(SessionStatusChanged),
    /// The session was resumed
    ///
    /// Sent to the session.
    SessionResumed(SessionStatusChanged),
    /// The session ended
    ///
    /// Sent to the session. The last counts follow, and then the socket is closed.
    SessionEnded(SessionEnded),
    /// The number of connected participants
    ///
    /// Sent to the session when the number changed, at most once per tick of 250 ms.
    ParticipantCount(ParticipantCount),
    /// A participant connected
    ///
    /// Sent to the presenter only, because only the presenter sees names.
    ParticipantJoined(ParticipantJoined),
    /// A participant disconnected
    ///
    /// Sent to the presenter.
    ParticipantLeft(ParticipantLeft),
    /// People were turned away, because the session is full
    ///
    /// Sent to the presenter after joins were refused because every seat is taken, at most once a second. If the presenter's plan
    /// allows more participants, joins succeed and the event is not sent again.
    SessionFull(SessionFull),
    /// A response was stored
    ///
    /// Sent to the presenter.
    ResponseSubmitted(ResponseSubmitted),
    /// A response was ignored, because a later one of the participant is stored
    ///
    /// Sent to one connection as the answer to `response_submitted` with a lower `seq` than the stored response. The
    /// payload is the response that counts. A response that is stored has no answer.
    ResponseSuperseded(ResponseSuperseded),
    /// The tally of a vote
    ///
    /// Sent to the presenter in every tick of 250 ms with a change. Sent to the audience at 2 Hz for up to 50
    /// participants, at 1 Hz for up to 500, and every 2 seconds above that. Always sent when the slide changes or the
    /// session ends.
    VoteUpdate(VoteUpdate),
    /// The settings of the session changed
    ///
    /// Sent to the session.
    SessionUpdated(SessionUpdated),
    /// The results of a slide were shown, hidden or reset
    ///
    /// Sent to the session.
    ResultsChanged(Box<ResultsChanged>),
    /// The leaderboard of the quizzes
    ///
    /// Sent to the session when the results of a quiz are shown. Only the presenter receives names.
    LeaderboardUpdated(LeaderboardUpdated),
    /// A question was asked
    ///
    /// Sent to the presenter, with the name of the participant.
    QuestionAsked(Box<QuestionView>),
    /// A question changed
    ///
    /// Sent to the session at every change, and every two seconds while votes arrive. A hidden question has only its
    /// status. The presenter also receives the name of the participant and the assistant's draft.
    QuestionUpdated(Box<QuestionView>),
    /// The answer to a question
    ///
    /// Sent to the participant who asked, and to the presenter. While `is_streaming` is true, each event has the whole
    /// text so far.
    AiResponse(Box<AiResponse>),
    /// The generation of a summary or conclusion changed
    ///
    /// Sent to the presenter.
    GenerationUpdated(GenerationUpdated),
    /// The report of a session is available
    ///
    /// Sent to all connections of the session's owner.
    ReportReady(ReportReady),
    /// The connection to the team's chat is open
    ///
    /// Sent to one connection that opened without a session, by a user with a user name. It is subscribed to all
    /// channels of the user.
    ConnectionEstablished(chat::ConnectionEstablished),
    /// The connection is subscribed to a channel
    ///
    /// Sent to one connection as the answer to `join_channel`, after the replay.
    ChannelJoined(chat::ChannelJoined),
    /// The connection is no longer subscribed to a channel
    ///
    /// Sent to one connection as the answer to `leave_channel`.
    ChannelLeft(chat::ChannelLeft),
    /// The replay of a channel
    ///
    /// Sent to one connection before `channel_joined`, in several events if there is much to replay.
    ChannelChanges(chat::ReplayedMessages),
    /// Too much happened in a channel for a replay
    ///
    /// Sent to one connection as the answer to `join_channel` with a `since` that is too old. The client reads the
    /// history again. The connection is subscribed to the channel.
    ResyncRequired(chat::ResyncRequired),
    /// A message was sent
    ///
    /// Sent to the channel, including the sender.
    NewMessage(Box<chat::MessageView>),
    /// A message was edited, pinned or unpinned
    ///
    /// Sent to the channel. The event has the whole message. Clients show the new text also in the previews of replies
    /// to it, which are the messages whose `reply_to_id` is its `id`.
    MessageEdited(Box<chat::MessageView>),
    /// A message was deleted
    ///
    /// Sent to the channel. Clients remove the text also from the previews of replies to it, which are the messages whose
    /// `reply_to_id` is the `message_id`. A reply that was sent just before can arrive later with a preview of a lower
    /// `version`, which clients do not show.
    MessageDeleted(chat::MessageDeleted),
    /// A reaction was added or removed
    ///
    /// Sent to the channel.
    MessageReaction(chat::MessageReaction),
    /// A user is typing or has stopped
    ///
    /// Sent to the channel, except to the user's own connections. Delivery is best effort.
    TypingIndicator(chat::TypingIndicatorEvent),
    /// A user came online or went offline
    ///
    /// Sent to the connected members of the team, at most a second after the first connection of the user opens or the last
    /// connection is gone. A connection whose ticket was requested with `presence: state` receives `team_presence` instead.
    UserStatus(chat::UserStatusChanged),
    /// The presence of the team
    ///
    /// Sent to a connection whose ticket was requested with `presence: state`: the whole presence after
    /// `connection_established`, and then the changes of a second in one event. The client drops an event with a lower `version`
    /// than its own. If `since_version` is not higher than its version, it takes the statuses and the `version`. If it is higher, or
    /// the client has no version yet, an event is missing, and the client sends `subscribe`, which is answered by the whole
    /// presence. The presence of more than a thousand online users is split into several events.
    TeamPresence(chat::TeamPresenceChanged),
    /// The online members of a channel
    ///
    /// Sent to one connection as the answer to `get_online_users`.
    OnlineUsers(chat::OnlineUsersList),
    /// A user joined a channel
    ///
    /// Sent to the channel.
    UserJoined(chat::MembershipChanged),
    /// A user left a channel or was removed
    ///
    /// Sent to the channel and to the user.
    UserLeft(chat::MembershipChanged),
    /// The role of a member changed
    ///
    /// Sent to the channel.
    MemberUpdated(chat::MemberRoleChanged),
    /// The user was mentioned
    ///
    /// Sent to all connections of the mentioned user, if the user is a member of the channel.
    MentionNotification(chat::MentionNotification),
    /// A channel was created
    ///
    /// A public channel is sent to all connected members of the team. A private or direct channel is sent to all
    /// connections of its members.
    ChannelCreated(chat::ChannelView),
    /// A channel was renamed, described, archived or unarchived
    ///
    /// Sent to the channel.
    ChannelUpdated(chat::ChannelView),
    /// A channel was deleted
    ///
    /// Sent to the channel.
    ChannelDeleted(chat::ChannelDeleted),
    /// The user has read a channel
    ///
    /// Sent to all connections of the user.
    ReadMarked(chat::ReadMarked),
    /// The user has hidden or shown a direct channel
    ///
    /// Sent to the user's own connections, and not to those that present a session. The other member is not notified.
    DirectChannelUpdated(chat::DirectChannelUpdated),
    /// The user has blocked or unblocked another one
    ///
    /// Sent to the user's own connections, and not to those that present a session. The other user is not notified.
    BlockUpdated(chat::BlockUpdated),
    /// The user's draft changed
    ///
    /// Sent to all connections of the user.
    DraftUpdated(chat::DraftUpdated),
    /// The server is about to close this connection
    ///
    /// Sent to all connections of a user who is banned, suspended or deactivated by an admin. An `error` that is `fatal` follows.
    ForceDisconnect(chat::ForceDisconnect),
    /// A message was refused
    ///
    /// Sent to one connection. The connection stays open unless the error is `fatal`.
    Error(ErrorEvent),
    /// The answer to a ping
    ///
    /// Sent to one connection.
    Pong(PongEvent),
}

/// The error that a message caused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorEvent {
    /// The stable code to branch on. It is the code of the same error over HTTP, in `snake_case`.
    #[schema(example = "slide_not_current")]
    pub code: &'static str,
    /// The message for people, which may change.
    pub message: String,
    /// Whether the connection is closed after this event. The client must not reconnect with the same request.
    pub fatal: bool,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<model::FieldError>,
    /// The `ref` of the message that this answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::envelope::reference_schema)]
    pub reference: Option<Value>,
    /// The number of seconds to wait before a retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// The answer to a ping.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PongEvent {
    pub timestamp: Timestamp,
    /// The `ref` of the message that this answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::envelope::reference_schema)]
    pub reference: Option<Value>,
}
