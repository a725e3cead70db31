//! The identity of a connection: who holds it, and what it belongs to.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{LoginId, ParticipantId, Room, SessionId, UserId};

/// The holder of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionIdentity {
    /// An account. `presents` is the session that it presents on this connection.
    Account { user: UserId, login: LoginId, presents: Option<SessionId> },
    /// A participant of a session. With `by`, the connection is closed when that log-in ends.
    Participant { participant: ParticipantId, session: SessionId, by: Option<AccountLogin> },
}

/// An account on one of its log-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLogin {
    pub user: UserId,
    pub login: LoginId,
}

/// The form in which a connection of the team receives presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceForm {
    /// One event for each user whose status changed, as in the original.
    #[default]
    Events,
    /// One event for all changes of a second, with a version.
    State,
}

impl ConnectionIdentity {
    /// The session that the connection belongs to. A connection that belongs to no session is an account's own.
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Account { presents, .. } => *presents,
            Self::Participant { session, .. } => Some(*session),
        }
    }

    /// The session that the connection presents.
    pub const fn presented_session(&self) -> Option<SessionId> {
        match self {
            Self::Account { presents, .. } => *presents,
            Self::Participant { .. } => None,
        }
    }

    /// The log-in that the connection depends on.
    pub const fn account_login(&self) -> Option<AccountLogin> {
        match *self {
            Self::Account { user, login, .. } => Some(AccountLogin { user, login }),
            Self::Participant { by, .. } => by,
        }
    }

    /// The id that all connections of the same holder share: the account or the participant.
    pub const fn holder_id(&self) -> Uuid {
        match self {
            Self::Account { user, .. } => user.uuid(),
            Self::Participant { participant, .. } => participant.uuid(),
        }
    }

    /// The rooms that every connection of this identity is in.
    pub fn rooms(&self) -> Vec<Room> {
        match *self {
            Self::Account { user, presents: None, .. } => vec![Room::User(user)],
            Self::Account { user, presents: Some(session), .. } => {
                vec![Room::User(user), Room::Session(session), Room::Presenter(session)]
            }
            Self::Participant { session, by: None, .. } => vec![Room::Session(session)],
            Self::Participant { session, by: Some(AccountLogin { user, .. }), .. } => {
                vec![Room::Session(session), Room::User(user)]
            }
        }
    }
}
