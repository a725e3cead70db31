//! What someone is in a session: the one who presents it, one of its participants, or nobody.
//!
//! No item of its own: it follows from the session (S1) and from the participant (A1).

use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId, UserId, plan::Quota};

use crate::{
    Freshness, Store,
    connections::{Connection, Identity},
    error::Result,
    participants::{self, Added, Participant},
    sessions::{self, Session},
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Account(UserId),
    /// By a credential of this session; in any other they are nobody.
    Guest {
        participant: ParticipantId,
        session: SessionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
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
pub async fn find(
    store: &Store,
    session: SessionId,
    who: Who,
    now: Timestamp,
) -> model::Result<(Session, Seat)> {
    const NONE: Error = Error::NotFound("session");
    let session = sessions::get(store, session, Freshness::Strong, now).await?.ok_or(NONE)?;
    let seat = of(store, &session, who, now).await?.ok_or(NONE)?;
    Ok((session, seat))
}

/// A1: what someone is in a session that was read already; `None` is nobody. 0 reads for the owner.
pub async fn of(store: &Store, session: &Session, who: Who, now: Timestamp) -> Result<Option<Seat>> {
    let id = match who {
        Who::Account(user) if user == session.owner => return Ok(Some(Seat::Presenter)),
        Who::Account(user) => ParticipantId::of_account(session.id, user),
        Who::Guest { participant, session: theirs } if theirs == session.id => participant,
        Who::Guest { .. } => return Ok(None),
    };
    let found = participants::get(store, session.id, id, now).await?;
    let found = found.filter(|found| found.removed_at.is_none());
    Ok(found.map(|found| Seat::Participant { id: found.id, display_name: found.display_name }))
}

/// A1: as [`of`] an account, which becomes a participant where it is nobody yet. Of everyone but the owner 1 write and 1
/// read.
///
/// # Errors
/// `NotFound` for those whom the presenter has sent away; `Forbidden` for a newcomer where the plan of the session has no more
/// seats.
pub async fn take(store: &Store, session: &Session, user: UserId, now: Timestamp) -> model::Result<Seat> {
    if user == session.owner {
        return Ok(Seat::Presenter);
    }
    let id = ParticipantId::of_account(session.id, user);
    let newcomer = Participant {
        session: session.id,
        id,
        display_name: None,
        user: Some(user),
        joined_at: now,
        removed_at: None,
    };
    let limit = session.plan.limits().participants_per_session;
    if let Added::Full(most) = participants::add(store, &newcomer, limit, now).await? {
        return Err(Quota::ParticipantsPerSession.exceeded(most, most));
    }
    let seat = of(store, session, Who::Account(user), now).await?;
    seat.ok_or(Error::NotFound("session"))
}

impl Connection {
    /// Its session and what it is there, as it was when the socket opened; `None` for an account's own socket.
    pub fn seat(&self) -> Option<(SessionId, Seat)> {
        match self.identity {
            Identity::Account { presents, .. } => presents.map(|session| (session, Seat::Presenter)),
            Identity::Participant { participant, session, .. } => {
                let display_name = self.display_name.clone();
                Some((session, Seat::Participant { id: participant, display_name }))
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

    fn seat(identity: Identity) -> Option<(SessionId, Seat)> {
        let now = Timestamp::UNIX_EPOCH;
        let display_name = Some("Ana".to_owned());
        Connection { id: "c".into(), identity, display_name, connected_at: now, presents_since: None }.seat()
    }

    #[test]
    fn a_connection_sits_where_its_identity_says() {
        let (user, login, session): (UserId, LoginId, SessionId) = (id(1), id(2), id(3));
        assert_eq!(seat(Identity::Account { user, login, presents: None }), None);
        let presents = Some(session);
        assert_eq!(seat(Identity::Account { user, login, presents }), Some((session, Seat::Presenter)));
        let participant = seat(Identity::Participant { participant: id(4), session, by: None });
        let ana = Seat::Participant { id: id(4), display_name: Some("Ana".into()) };
        assert_eq!(participant, Some((session, ana)));
    }
}
