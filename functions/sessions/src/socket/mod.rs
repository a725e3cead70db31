//! The messages that clients send on the socket of a session.
//!
//! | message | method |
//! | --- | --- |
//! | `response_submitted`, `submit_response` | `SessionSocket::submit_response` |
//! | `question_asked`, `ask_question` | `SessionSocket::ask_question` |
//! | `upvote_question` | `SessionSocket::upvote_question` |
//! | `join` | `SessionSocket::join_session` |
//! | `join_speaker` | `SessionSocket::join_as_presenter` |

use entry::{
    App,
    http::authenticate_account,
    socket::{ConnectionCache, SocketHandler, SocketMessage},
};
use jiff::Timestamp;
use model::{Error, ErrorCode, ParticipantId, SessionId};
use protocol::{
    Event,
    command::{
        AskQuestionCommand, JoinAsPresenterCommand, JoinSessionCommand, SessionCommand,
        SubmitResponseCommand, UpvoteQuestionCommand,
    },
    event::ResponseSuperseded,
    job::{ConnectionOpened, OpenedReason},
};
use serde_json::Value;
use store::{
    ReadConsistency,
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::{self, participants, roles::SessionRole},
};

use crate::{
    instance_state::InstanceState,
    participants::{
        join_session::{parse_display_name, participant_of_token, rejoin},
        participant_access::REMOVED_MESSAGE,
    },
    presence::close_older_presenters,
    questions::{
        ask::{IncomingQuestion, store_question},
        upvote::set_upvote,
    },
    session_state::own_response_view,
    votes::cast_vote::{VoteSubmission, cast_vote},
};

/// The handler of `socket-sessions`.
pub struct SessionSocket {
    pub app: App,
    pub connection_cache: ConnectionCache,
    pub state: InstanceState,
}

impl SocketHandler for SessionSocket {
    type Command = SessionCommand;

    async fn message(&self, message: SocketMessage<SessionCommand>) -> Result<(), Error> {
        let connection = message.connection;
        if self.is_removed(&connection, &message.command).await? {
            let (app, now) = (&self.app, self.app.clock.now());
            return app
                .realtime
                .close_with_reason(&connection, ErrorCode::Removed, REMOVED_MESSAGE, now)
                .await;
        }
        match message.command {
            SessionCommand::SubmitResponse(command) => {
                self.submit_response(&connection, &command, message.received, message.reference).await
            }
            SessionCommand::AskQuestion(command) => self.ask_question(connection, &command).await,
            SessionCommand::UpvoteQuestion(command) => self.upvote_question(&connection, &command).await,
            SessionCommand::JoinSession(command) => self.join_session(connection, command).await,
            SessionCommand::JoinAsPresenter(command) => {
                self.join_as_presenter(connection, &command, message.received).await
            }
        }
    }
}

const AUDIENCE_ONLY: &str = "only participants can answer and ask, and this connection is the presenter's";
const NO_SESSION: &str = "this connection belongs to no session";

fn connected_participant(connection: &Connection) -> Result<(ParticipantId, SessionId), Error> {
    match connection.session_role() {
        Some((session, SessionRole::Participant { id, .. })) => Ok((id, session)),
        Some((_, SessionRole::Presenter)) => Err(Error::forbidden(AUDIENCE_ONLY)),
        None => Err(Error::forbidden(NO_SESSION)),
    }
}

impl SessionSocket {
    /// Returns whether the presenter has removed the participant of a connection. The function that removed them closes the
    /// connection, and may not be done yet. A vote reads nothing while the instance remembers the removals, for at most half
    /// a second. Each other message reads the participant, for 1 read unit.
    async fn is_removed(&self, connection: &Connection, command: &SessionCommand) -> Result<bool, Error> {
        let ConnectionIdentity::Participant { participant, session, .. } = connection.identity else {
            return Ok(false);
        };
        if matches!(command, SessionCommand::SubmitResponse(_)) {
            return self.state.removal_cache.is_removed(&self.app, session, participant).await;
        }
        let found = participants::get(&self.app.store, session, participant, self.app.clock.now()).await?;
        Ok(found.is_some_and(|found| found.removed_at.is_some()))
    }

    /// Stores an answer. A stored answer has no reply, because that would be a second message for every vote of an
    /// audience. If a later answer counts instead, the connection receives that one.
    async fn submit_response(
        &self,
        connection: &Connection,
        command: &SubmitResponseCommand,
        received: i64,
        reference: Option<Value>,
    ) -> Result<(), Error> {
        let (participant, session) = connected_participant(connection)?;
        let vote = VoteSubmission {
            session,
            slide: command.slide_id,
            participant,
            display_name: connection.display_name.clone(),
            content: &command.content,
            seq: command.seq,
            received,
        };
        let counting = cast_vote(&self.app, &self.state, vote).await?;
        if !counting.is_superseded {
            return Ok(());
        }
        let response = own_response_view(&counting.response);
        let event = Event::ResponseSuperseded(ResponseSuperseded { response, reference });
        self.app.realtime.send_event(connection, event, self.app.clock.now()).await.map(drop)
    }

    /// Stores a question. The participant learns its id from the `question_updated` event that everyone receives.
    async fn ask_question(&self, connection: Connection, command: &AskQuestionCommand) -> Result<(), Error> {
        let (participant, session) = connected_participant(&connection)?;
        let question = IncomingQuestion {
            session,
            participant,
            display_name: connection.display_name,
            slide: command.slide_id,
            network: connection.network,
            text: &command.question_text,
        };
        store_question(&self.app, &self.state, question).await.map(drop)
    }

    async fn upvote_question(
        &self,
        connection: &Connection,
        command: &UpvoteQuestionCommand,
    ) -> Result<(), Error> {
        let (participant, session) = connected_participant(connection)?;
        set_upvote(&self.app, &self.state, session, command.question_id, participant, command.up).await
    }

    /// Renames the participant, and sends `session_state`. A connection cannot become another participant's, because
    /// other instances remember its identity. For that, the client joins by HTTP with the other token and opens the
    /// socket of that response.
    async fn join_session(&self, connection: Connection, command: JoinSessionCommand) -> Result<(), Error> {
        let now = self.app.clock.now();
        let (participant, session) = connected_participant(&connection)?;
        if let Some(token) = &command.participant_token
            && participant_of_token(&self.app, session, token).await? != participant
        {
            let why = "is another participant's; join by HTTP with it, and open the socket of that response";
            return Err(Error::field("participant_token", why));
        }
        let name = parse_display_name(command.display_name.as_deref())?;
        let found = rejoin(&self.app, session, participant, name).await?;
        let found = found.ok_or(Error::NotFound("participant"))?;
        let after = Connection { display_name: found.display_name, ..connection.clone() };
        self.replace_connection(connection, after, now).await
    }

    /// Makes the connection the presenter's. The access token must be of the session's owner.
    async fn join_as_presenter(
        &self,
        connection: Connection,
        command: &JoinAsPresenterCommand,
        received: i64,
    ) -> Result<(), Error> {
        let now = self.app.clock.now();
        let session = connection.identity.session().ok_or_else(|| Error::forbidden(NO_SESSION))?;
        let account = authenticate_account(&self.app, &command.token)
            .await
            .map_err(|_| Error::field("token", "must be a valid access token"))?;
        let owned =
            sessions::get_owned(&self.app.store, account.user, session, ReadConsistency::Eventual, now).await;
        match owned {
            // not 404: the caller is connected to the session and knows that it exists
            Err(store::StoreError::NotFound(_)) => {
                return Err(Error::forbidden("only the session's owner can present"));
            }
            owned => owned?,
        };
        let identity =
            ConnectionIdentity::Account { user: account.user, login: account.login, presents: Some(session) };
        let presents_since = match connection.identity {
            // the client repeats the command
            before if before == identity => connection.presents_since,
            _ => Some(Timestamp::from_millisecond(received).unwrap_or(now)),
        };
        let after = Connection { identity, display_name: None, presents_since, ..connection.clone() };
        self.replace_connection(connection, after, now).await
    }

    /// Stores a changed connection and sends it `session_state`. Another identity means other rooms. The new
    /// subscriptions are written before the old ones are deleted, so that the connection misses no event.
    async fn replace_connection(
        &self,
        before: Connection,
        after: Connection,
        now: Timestamp,
    ) -> Result<(), Error> {
        if after != before {
            connections::put(&self.app.store, &after).await?;
            connections::unsubscribe_stale(&self.app.store, &before, &after).await?;
            self.connection_cache.insert(after.clone(), now);
            close_older_presenters(&self.app, &after, now).await?;
            if let Some(session) = after.identity.session() {
                self.state.count_scheduler.schedule_presence_count(&self.app, session).await?;
            }
        }
        let reason =
            if after.identity == before.identity { OpenedReason::Requested } else { OpenedReason::New };
        let job = ConnectionOpened { connection: after.id, identity: after.identity, reason };
        self.app.queues.send(&job, now).await
    }
}
