//! Everything a client can be told. Adding a variant is free; changing one is a new variant.

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
        ParticipantJoined, ParticipantLeft, ReportReady, ResponseSubmitted, ResultsChanged, SessionEnded,
        SessionSlideView, SessionStarted, SessionState, SessionStatusChanged, SessionUpdated, VoteUpdate,
    },
};

/// Their documentation is the one of the AsyncAPI document: the first line a summary, the rest to whom and when.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", content = "payload", rename_all = "snake_case")]
pub enum Event {
    /// The whole small state of a session
    ///
    /// To one: connected, after `join` and `subscribe`, and after a `ping` with an old `version`. Whoever has it has missed
    /// nothing.
    SessionState(Box<SessionState>),
    /// Another slide is shown
    ///
    /// To all: the presenter moves.
    SlideChanged(CurrentSlideChanged),
    /// The session begins
    ///
    /// To all.
    SessionStarted(SessionStarted),
    /// The session pauses; answers are refused
    ///
    /// To all.
    SessionPaused(SessionStatusChanged),
    /// The session goes on
    ///
    /// To all.
    SessionResumed(SessionStatusChanged),
    /// The session is over
    ///
    /// To all; the last counts follow, then the socket is closed.
    SessionEnded(SessionEnded),
    /// How many are there
    ///
    /// To all, by tick, where it changed.
    ParticipantCount(ParticipantCount),
    /// Someone came
    ///
    /// To the presenter: names are nobody else's.
    ParticipantJoined(ParticipantJoined),
    /// Someone is gone
    ///
    /// To the presenter.
    ParticipantLeft(ParticipantLeft),
    /// An answer is stored
    ///
    /// To the presenter.
    ResponseSubmitted(ResponseSubmitted),
    /// The state of a vote
    ///
    /// To the presenter every tick (250 ms); to all at 2 Hz up to 50 of them, at 1 Hz up to 500, above that every 2 s, and
    /// always when the slide changes or the session ends.
    VoteUpdate(VoteUpdate),
    /// The presenter changed how the session goes
    ///
    /// To all.
    SessionUpdated(SessionUpdated),
    /// Results are shown, hidden or begun anew
    ///
    /// To all.
    ResultsChanged(Box<ResultsChanged>),
    /// Who leads in the quizzes
    ///
    /// To all, when the results of a quiz are shown; with names to the presenter only.
    LeaderboardUpdated(LeaderboardUpdated),
    /// A question is asked
    ///
    /// To the presenter: with the name of whoever asks.
    QuestionAsked(Box<QuestionView>),
    /// A question as it is now
    ///
    /// To all whenever it changes, and every two seconds while it is up-voted; hidden ones say only that they are. To the
    /// presenter with the name of whoever asks, and the assistant's draft.
    QuestionUpdated(Box<QuestionView>),
    /// The answer to a question
    ///
    /// To whoever asked it, and to the presenter. While it `is_streaming`, each is the whole text so far.
    AiResponse(Box<AiResponse>),
    /// A summary or conclusion is being written, or is
    ///
    /// To the presenter.
    GenerationUpdated(GenerationUpdated),
    /// The report of a session can be read
    ///
    /// To every device of its owner.
    ReportReady(ReportReady),
    /// A team's socket is open
    ///
    /// To one: connected without a session, with a user name. From now on it is told of all channels of its user.
    ConnectionEstablished(chat::ConnectionEstablished),
    /// This connection is told of a channel
    ///
    /// To one: the answer to `join_channel`, after what was missed.
    ChannelJoined(chat::ChannelJoined),
    /// This connection is told of a channel no longer
    ///
    /// To one: the answer to `leave_channel`.
    ChannelLeft(chat::ChannelLeft),
    /// What happened in a channel meanwhile
    ///
    /// To one: before `channel_joined`, several where there is much.
    ChannelChanges(chat::ReplayedMessages),
    /// Too much happened in a channel
    ///
    /// To one: the answer to `join_channel` with a `since` that is too old. Read the messages anew; the connection is told of
    /// the channel from now on.
    ResyncRequired(chat::ResyncRequired),
    /// A message was sent
    ///
    /// To the channel, also to whoever sent it.
    NewMessage(Box<chat::MessageView>),
    /// A message was edited, pinned or unpinned
    ///
    /// To the channel.
    MessageEdited(Box<chat::MessageView>),
    /// A message was deleted
    ///
    /// To the channel.
    MessageDeleted(chat::MessageDeleted),
    /// Someone reacted to a message, or no longer does
    ///
    /// To the channel.
    MessageReaction(chat::MessageReaction),
    /// Someone writes, or has stopped
    ///
    /// To the channel, not to their own devices. Best effort.
    TypingIndicator(chat::TypingIndicatorEvent),
    /// Someone came or is gone, with their last device
    ///
    /// To everyone of the team who is connected.
    UserStatus(chat::UserStatusChanged),
    /// Who of a channel is there
    ///
    /// To one: the answer to `get_online_users`.
    OnlineUsers(chat::OnlineUsersList),
    /// Someone joined a channel
    ///
    /// To the channel.
    UserJoined(chat::MembershipChanged),
    /// Someone left a channel, or was removed
    ///
    /// To the channel, and to them.
    UserLeft(chat::MembershipChanged),
    /// Someone has another role in a channel
    ///
    /// To the channel.
    MemberUpdated(chat::MemberRoleChanged),
    /// Someone wrote one's name
    ///
    /// To every device of whoever is mentioned, if they are in the channel.
    MentionNotification(chat::MentionNotification),
    /// There is a new channel
    ///
    /// A public one: to everyone of the team who is connected. A private or direct one: to every device of whoever is in it.
    ChannelCreated(chat::ChannelView),
    /// A channel is called otherwise, archived or not
    ///
    /// To the channel.
    ChannelUpdated(chat::ChannelView),
    /// A channel is gone
    ///
    /// To the channel.
    ChannelDeleted(chat::ChannelDeleted),
    /// One has read a channel up to a message
    ///
    /// To every device of whoever has read.
    ReadMarked(chat::ReadMarked),
    /// One has begun to write something
    ///
    /// To every device of whoever writes.
    DraftUpdated(chat::DraftUpdated),
    /// This connection is closed by us
    ///
    /// To one, before an `error` that is `fatal`: an admin keeps its user out.
    ForceDisconnect(chat::ForceDisconnect),
    /// A refusal
    ///
    /// To one. The connection lives on, unless it is `fatal`: then it is closed.
    Error(ErrorEvent),
    /// It is still there
    ///
    /// To one: the answer to `ping`.
    Pong(PongEvent),
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorEvent {
    /// What programs branch on: the code of the same error over HTTP, in `snake_case`.
    #[schema(example = "slide_not_current")]
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The connection is closed after this; do not come back with the same request.
    pub fatal: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<model::FieldError>,
    /// The `ref` of the message that this answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::envelope::reference_schema)]
    pub reference: Option<Value>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PongEvent {
    pub timestamp: Timestamp,
    /// The `ref` of the message that this answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::envelope::reference_schema)]
    pub reference: Option<Value>,
}
