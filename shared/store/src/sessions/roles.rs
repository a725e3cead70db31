//! The role of a caller in a session. A caller is its presenter, one of its participants, or neither.
//!
//! There is no item for it. The role follows from the session (SESSIONS-1) and from the participant (SESSIONS-19).

use jiff::Timestamp;
use model::{ParticipantId, SessionId, UserId};

use crate::{
    ReadConsistency, Store,
    dynamodb::error::{Result, StoreError},
    realtime::connections::{Connection, ConnectionIdentity},
    sessions::{
        self, Session,
        participants::{self, AddParticipantOutcome, Participant},
    },
};

/// The caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCaller {
    Account(UserId),
    /// A caller with a credential of one session. In other sessions they have no role.
    Guest {
        participant: ParticipantId,
        session: SessionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionRole {
    /// The owner of the session.
    Presenter,
    Participant {
        id: ParticipantId,
        /// `None` if the participant is anonymous.
        display_name: Option<String>,
    },
}

/// The outcome of [`role_or_join`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleOrJoinOutcome {
    Role(SessionRole),
    /// The presenter has removed the account.
    Removed,
    /// The session has this many participants, and its plan allows no more.
    Full(u32),
}

/// SESSIONS-1, SESSIONS-19. Returns a session and the role of the caller in it. 1 read for the owner, 2 for all others.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is no such session, or the caller has no role in it.
pub async fn get_with_role(
    store: &Store,
    session: SessionId,
    caller: SessionCaller,
    now: Timestamp,
) -> Result<(Session, SessionRole)> {
    let session = sessions::get(store, session, ReadConsistency::Strong, now).await?;
    let session = session.ok_or(StoreError::NotFound("session"))?;
    let role = role_of(store, &session, caller, now).await?.ok_or(StoreError::NotFound("session"))?;
    Ok((session, role))
}

/// SESSIONS-19. Returns the role of a caller in a session that was read already, or `None`. 0 reads for the owner.
pub async fn role_of(
    store: &Store,
    session: &Session,
    caller: SessionCaller,
    now: Timestamp,
) -> Result<Option<SessionRole>> {
    let id = match caller {
        SessionCaller::Account(user) if user == session.owner => return Ok(Some(SessionRole::Presenter)),
        SessionCaller::Account(user) => ParticipantId::derive_for_account(session.id, user),
        SessionCaller::Guest { participant, session: granted } if granted == session.id => participant,
        SessionCaller::Guest { .. } => return Ok(None),
    };
    let found = participants::get(store, session.id, id, now).await?;
    let found = found.filter(|found| found.removed_at.is_none());
    Ok(found.map(|found| SessionRole::Participant { id: found.id, display_name: found.display_name }))
}

/// SESSIONS-19. Returns the role of an account. An account without one becomes a participant. 1 write and 1 read,
/// except for the owner.
pub async fn role_or_join(
    store: &Store,
    session: &Session,
    user: UserId,
    now: Timestamp,
) -> Result<RoleOrJoinOutcome> {
    if user == session.owner {
        return Ok(RoleOrJoinOutcome::Role(SessionRole::Presenter));
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
    let added = participants::add_within_plan(store, session, &newcomer, now).await?;
    if let AddParticipantOutcome::Full(most) = added {
        return Ok(RoleOrJoinOutcome::Full(most));
    }
    let role = role_of(store, session, SessionCaller::Account(user), now).await?;
    Ok(role.map_or(RoleOrJoinOutcome::Removed, RoleOrJoinOutcome::Role))
}

impl Connection {
    /// Returns the session of the connection, and its role there when the socket opened. `None` for a socket outside
    /// sessions.
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

    fn role(identity: ConnectionIdentity) -> Option<(SessionId, SessionRole)> {
        let now = Timestamp::UNIX_EPOCH;
        let display_name = Some("Ana".to_owned());
        Connection {
            id: "c".into(),
            identity,
            display_name,
            network: None,
            connected_at: now,
            presents_since: None,
            presence: model::PresenceForm::default(),
        }
        .session_role()
    }

    #[test]
    fn a_connection_has_the_role_of_its_identity() {
        let user: UserId = id(1);
        let login: LoginId = id(2);
        let session: SessionId = id(3);
        assert_eq!(role(ConnectionIdentity::Account { user, login, presents: None }), None);
        let presents = Some(session);
        assert_eq!(
            role(ConnectionIdentity::Account { user, login, presents }),
            Some((session, SessionRole::Presenter))
        );
        let participant = role(ConnectionIdentity::Participant { participant: id(4), session, by: None });
        let ana = SessionRole::Participant { id: id(4), display_name: Some("Ana".into()) };
        assert_eq!(participant, Some((session, ana)));
    }
}
