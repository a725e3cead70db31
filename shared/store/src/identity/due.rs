//! What falls due in this area.

use model::{LoginId, UserId};

use crate::{
    Item,
    dynamodb::{due::DueItem, key::user_of},
    identity::log_ins::Login,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityDueWork {
    /// The log-in has ended, and its sockets may be open.
    EndedLogin(UserId, LoginId),
}

impl IdentityDueWork {
    pub(crate) fn from_item(item: &DueItem) -> Option<Self> {
        match item.kind_and_id()? {
            (Login::KIND, id) => Some(Self::EndedLogin(user_of(item.partition())?, id.into())),
            _ => None,
        }
    }
}
