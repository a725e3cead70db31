//! What falls due in this area.

use model::{LoginId, LoginRevocationId, UserId};

use crate::{
    Item,
    dynamodb::{due::DueItem, key::user_of},
    identity::{log_ins::Login, login_revocations::LoginRevocation},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityDueWork {
    /// The log-in has ended, and its sockets may be open.
    EndedLogin(UserId, LoginId),
    /// Several log-ins of the account must end.
    LoginRevocation(UserId, LoginRevocationId),
}

impl IdentityDueWork {
    pub(crate) fn from_item(item: &DueItem) -> Option<Self> {
        match item.kind_and_id()? {
            (Login::KIND, id) => Some(Self::EndedLogin(user_of(item.partition())?, id.into())),
            (LoginRevocation::KIND, id) => Some(Self::LoginRevocation(user_of(item.partition())?, id.into())),
            _ => None,
        }
    }
}
