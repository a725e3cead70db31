use jiff::Timestamp;
use store::realtime::connections::{Connection, ConnectionIdentity, PresenceForm};

/// Returns a connection. It presents from now on if its identity presents a session.
pub fn connection(id: &str, identity: ConnectionIdentity, at: Timestamp) -> Connection {
    Connection {
        id: id.into(),
        identity,
        display_name: None,
        network: None,
        connected_at: at,
        presents_since: identity.presented_session().map(|_| at),
        presence: PresenceForm::Events,
    }
}
