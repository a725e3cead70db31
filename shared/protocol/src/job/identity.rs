//! Jobs of accounts. Identity has no worker and knows no other area. It sends what other areas must follow to the platform's
//! queue, and `worker-broadcast` forwards it.

use model::{LoginId, LoginRevocationId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::{Job, Queue};

/// Forward the change of an account to the areas that copy profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChanged {
    pub user: UserId,
}

impl Job for AccountChanged {
    const NAME: &'static str = "account_changed.v1";
    const QUEUE: Queue = Queue::Broadcast;
}

/// Forward an admin's request to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEndRequested {
    pub session: SessionId,
}

impl Job for SessionEndRequested {
    const NAME: &'static str = "session_end_requested.v1";
    const QUEUE: Queue = Queue::Broadcast;
}

/// Close the sockets of a log-in that has ended, because the function that ended it died before it closed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndLogin {
    pub user: UserId,
    pub login: LoginId,
}

impl Job for EndLogin {
    const NAME: &'static str = "end_login.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// Finish the end of several log-ins, because the function that began it died. A deleted account also leaves the areas that copy
/// accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndLogins {
    pub user: UserId,
    pub revocation: LoginRevocationId,
}

impl Job for EndLogins {
    const NAME: &'static str = "end_logins.v1";
    const QUEUE: Queue = Queue::Sessions;
}
