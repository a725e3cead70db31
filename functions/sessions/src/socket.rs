//! Messages of a session's socket.

use entry::{
    App,
    http::authenticate_account,
    socket::{ConnectionCache, SocketHandler, SocketMessage},
};
use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId};
use protocol::{
    command::{
        AskQuestionCommand, JoinAsPresenterCommand, JoinSessionCommand, SessionCommand,
        SubmitResponseCommand, UpvoteQuestionCommand,
    },
    job::SendSessionState,
};
use store::{
    ReadConsistency,
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::{self, roles::SessionRole},
};

use crate::{
    InstanceState,
    join::{parse_display_name, participant_of_token, rejoin},
    questions::{self, ask::IncomingQuestion},
    vote,
};

pub struct SessionSocket {
    pub app: App,
    pub connection_cache: ConnectionCache,
    pub state: InstanceState,
}

impl SocketHandler for SessionSocket {
    type Command = SessionCommand;

    async fn message(&self, message: SocketMessage<SessionCommand>) -> Result<(), Error> {
        let connection = message.connection;
        match message.command {
            SessionCommand::SubmitResponse(respond) => {
                self.respond(&connection, &respond, message.received).await
            }
            SessionCommand::AskQuestion(ask) => self.ask(connection, &ask).await,
            SessionCommand::UpvoteQuestion(upvote) => self.upvote(&connection, &upvote).await,
            SessionCommand::JoinSession(join) => self.join(connection, join).await,
            SessionCommand::JoinAsPresenter(join) => {
                self.join_speaker(connection, &join, message.received).await
            }
        }
    }
}

const AUDIENCE_ONLY: &str = "only participants answer and ask; this connection presents";
const NO_SESSION: &str = "this connection is in no session";

fn connected_participant(connection: &Connection) -> Result<(ParticipantId, SessionId), Error> {
    match connection.session_role() {
        Some((session, SessionRole::Participant { id, .. })) => Ok((id, session)),
        Some((_, SessionRole::Presenter)) => Err(Error::forbidden(AUDIENCE_ONLY)),
        None => Err(Error::forbidden(NO_SESSION)),
    }
}

impl SessionSocket {
    async fn respond(
        &self,
        connection: &Connection,
        respond: &SubmitResponseCommand,
        received: i64,
    ) -> Result<(), Error> {
        let (participant, session) = connected_participant(connection)?;
        let ballot = vote::VoteSubmission {
            session,
            slide: respond.slide_id,
            participant,
            display_name: connection.display_name.clone(),
            content: &respond.content,
            seq: respond.seq,
            received,
        };
        vote::cast_vote(&self.app, &self.state, ballot).await.map(drop)
    }

    /// Stores a question; whoever asks is told as everyone is, by `question_updated`.
    async fn ask(&self, connection: Connection, ask: &AskQuestionCommand) -> Result<(), Error> {
        let (participant, session) = connected_participant(&connection)?;
        let asked = IncomingQuestion {
            session,
            participant,
            display_name: connection.display_name,
            slide: ask.slide_id,
            network: None,
            text: &ask.question_text,
        };
        questions::ask::store_question(&self.app, &self.state, asked).await.map(drop)
    }

    async fn upvote(&self, connection: &Connection, upvote: &UpvoteQuestionCommand) -> Result<(), Error> {
        let (participant, session) = connected_participant(connection)?;
        questions::upvote::set_upvote(
            &self.app,
            &self.state,
            session,
            upvote.question_id,
            participant,
            upvote.up,
        )
        .await
    }

    /// Renames the participant; answered by `session_state`. A connection stays whose it is: other instances remember it. To
    /// be another participant again, one joins by HTTP with its token and opens the socket that comes with the answer.
    async fn join(&self, connection: Connection, join: JoinSessionCommand) -> Result<(), Error> {
        let now = self.app.clock.now();
        let (who, session) = connected_participant(&connection)?;
        if let Some(token) = &join.participant_token
            && participant_of_token(&self.app, session, token)? != who
        {
            let why = "is another participant's: join with it and open the socket of that answer";
            return Err(Error::field("participant_token", why));
        }
        let name = parse_display_name(join.display_name.as_deref())?;
        let found = rejoin(&self.app, session, who, name).await?;
        let found = found.ok_or(Error::NotFound("participant"))?;
        let after = Connection { display_name: found.display_name, ..connection.clone() };
        self.replace_connection(connection, after, now).await
    }

    /// Makes the connection the presenter's, by an access token of the session's owner.
    async fn join_speaker(
        &self,
        connection: Connection,
        join: &JoinAsPresenterCommand,
        received: i64,
    ) -> Result<(), Error> {
        let now = self.app.clock.now();
        let session = connection.identity.session().ok_or_else(|| Error::forbidden(NO_SESSION))?;
        let wrong = |_| Error::field("token", "is not an access token that counts");
        let account = authenticate_account(&self.app, &join.token).await.map_err(wrong)?;
        let owned =
            sessions::get_owned(&self.app.store, account.user, session, ReadConsistency::Eventual, now).await;
        match owned {
            // they are in it: that it is there is no secret
            Err(store::StoreError::NotFound(_)) => {
                return Err(Error::forbidden("only the session's owner presents"));
            }
            owned => owned?,
        };
        let identity =
            ConnectionIdentity::Account { user: account.user, login: account.login, presents: Some(session) };
        let presents_since = match connection.identity {
            // it says so once more
            before if before == identity => connection.presents_since,
            _ => Some(Timestamp::from_millisecond(received).unwrap_or(now)),
        };
        let after = Connection { identity, display_name: None, presents_since, ..connection.clone() };
        self.replace_connection(connection, after, now).await
    }

    /// Another identity is other rooms. The old places go after the new ones are taken, so that nothing is missed.
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
            self.app.realtime.close_older_presenters(&after, now).await?;
            if let Some(session) = after.identity.session() {
                // of the tick in which the rows lie there: an older one may have been counted while they were written
                self.app.realtime.enqueue_presence_count(session, self.app.clock.now()).await?;
            }
        }
        self.app
            .queues
            .send(
                &SendSessionState {
                    connection: after.id,
                    arrived: after.identity != before.identity,
                    opening: false,
                },
                now,
            )
            .await
    }
}
