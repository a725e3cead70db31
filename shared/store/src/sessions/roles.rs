//! What someone is in a session: the one who presents it, one of its participants, or nobody.
//!
//! No item of its own: it follows from the session (S1) and from the participant (A1).

use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId, UserId, plan::Quota};

use crate::{
    ReadConsistency, Store,
    dynamodb::error::Result,
    realtime::connections::{Connection, ConnectionIdentity},
    sessions::{
        self, Session,
        participants::{self, AddParticipantOutcome, Participant},
    },
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCaller {
    Account(UserId),
    /// By a credential of this session; in any other they are nobody.
    Guest {
        participant: ParticipantId,
        session: SessionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionRole {
    /// The owner.
    Presenter,
    Participant {
        id: ParticipantId,
        /// `None` is anonymous.
        display_name: Option<String>,
    },
}

/// S1, A1: the session and what the caller is in it. 1 read for the owner, 2 for all others.
///
/// # Errors
/// `NotFound` where there is no such session, and for those who are nobody in it.
pub async fn get_with_role(
    store: &Store,
    session: SessionId,
    who: SessionCaller,
    now: Timestamp,
) -> model::Result<(Session, SessionRole)> {
    const NONE: Error = Error::NotFound("session");
    let session = sessions::get(store, session, ReadConsistency::Strong, now).await?.ok_or(NONE)?;
    let seat = role_of(store, &session, who, now).await?.ok_or(NONE)?;
    Ok((session, seat))
}

/// A1: what someone is in a session that was read already; `None` is nobody. 0 reads for the owner.
pub async fn role_of(
    store: &Store,
    session: &Session,
    who: SessionCaller,
    now: Timestamp,
) -> Result<Option<SessionRole>> {
    let id = match who {
        SessionCaller::Account(user) if user == session.owner => return Ok(Some(SessionRole::Presenter)),
        SessionCaller::Account(user) => ParticipantId::derive_for_account(session.id, user),
        SessionCaller::Guest { participant, session: theirs } if theirs == session.id => participant,
        SessionCaller::Guest { .. } => return Ok(None),
    };
    let found = participants::get(store, session.id, id, now).await?;
    let found = found.filter(|found| found.removed_at.is_none());
    Ok(found.map(|found| SessionRole::Participant { id: found.id, display_name: found.display_name }))
}

/// A1: as [`of`] an account, which becomes a participant where it is nobody yet. Of everyone but the owner 1 write and 1
/// read.
///
/// # Errors
/// `NotFound` for those whom the presenter has sent away; `Forbidden` for a newcomer where the plan of the session has no more
/// seats.
pub async fn role_or_join(
    store: &Store,
    session: &Session,
    user: UserId,
    now: Timestamp,
) -> model::Result<SessionRole> {
    if user == session.owner {
        return Ok(SessionRole::Presenter);
    }
    let id = ParticipantId::derive_for_account(session.id, user);
    let newcomer = Participant {
        session: session.id,
        id,
        display_name: None,
        user: Some(user),
        joined_at: now,
        removed_at: None,
    };
    let limit = session.plan.limits().participants_per_session;
    if let AddParticipantOutcome::Full(most) = participants::add(store, &newcomer, limit, now).await? {
        return Err(Quota::ParticipantsPerSession.exceeded_error(most, most));
    }
    let seat = role_of(store, session, SessionCaller::Account(user), now).await?;
    seat.ok_or(Error::NotFound("session"))
}

impl Connection {
    /// Its session and what it is there, as it was when the socket opened; `None` for an account's own socket.
    pub fn session_role(&self) -> Option<(SessionId, SessionRole)> {
        match self.identity {
            ConnectionIdentity::Account { presents, .. } => {
                presents.map(|session| (session, SessionRole::Presenter))
            }
            ConnectionIdentity::Participant { participant, session, .. } => {
                let display_name = self.display_name.clone();
                Some((session, SessionRole::Participant { id: participant, display_name }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::LoginId;
    use uuid::Uuid;

    use super::*;

    fn id<T: From<Uuid>>(n: u128) -> T {
        T::from(Uuid::from_u128(n))
    }

    fn seat(identity: ConnectionIdentity) -> Option<(SessionId, SessionRole)> {
        let now = Timestamp::UNIX_EPOCH;
        let display_name = Some("Ana".to_owned());
        Connection { id: "c".into(), identity, display_name, connected_at: now, presents_since: None }
            .session_role()
    }

    #[test]
    fn a_connection_sits_where_its_identity_says() {
        let (user, login, session): (UserId, LoginId, SessionId) = (id(1), id(2), id(3));
        assert_eq!(seat(ConnectionIdentity::Account { user, login, presents: None }), None);
        let presents = Some(session);
        assert_eq!(
            seat(ConnectionIdentity::Account { user, login, presents }),
            Some((session, SessionRole::Presenter))
        );
        let participant = seat(ConnectionIdentity::Participant { participant: id(4), session, by: None });
        let ana = SessionRole::Participant { id: id(4), display_name: Some("Ana".into()) };
        assert_eq!(participant, Some((session, ana)));
    }
}
