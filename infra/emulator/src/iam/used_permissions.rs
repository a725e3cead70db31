//! What callers were allowed, so that a policy can be compared with what its function really does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{AccessRequest, ContextKey};

/// A permission that was asked for and given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedPermission {
    pub action: String,
    /// The ARN's last segment, without the id of a connection.
    pub resource: String,
    /// A partition key up to its first `#`: never a whole key, which may be somebody's address.
    pub leading_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct UsedPermissions(Mutex<BTreeMap<String, BTreeSet<UsedPermission>>>);

impl UsedPermissions {
    pub(super) fn record(&self, caller: &str, request: &AccessRequest<'_>) {
        let resource = request.resource.splitn(6, ':').last().unwrap_or_default();
        let resource = match resource.split_once("/@connections/") {
            Some((method, _)) => format!("{method}/@connections"),
            None => resource.to_owned(),
        };
        let made = |leading_key| UsedPermission {
            action: request.action.to_owned(),
            resource: resource.clone(),
            leading_key,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(caller.to_owned()).or_default();
        match leading_key_prefixes(request) {
            Some(prefixes) => own.extend(prefixes.map(|prefix| made(Some(prefix.to_owned())))),
            None => drop(own.insert(made(None))),
        }
    }

    pub(super) fn all(&self) -> BTreeMap<String, BTreeSet<UsedPermission>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the partition keys of a request begin with, up to their first `#`.
pub(super) fn leading_key_prefixes<'r>(
    request: &'r AccessRequest<'_>,
) -> Option<impl Iterator<Item = &'r str>> {
    let Some((ContextKey::LeadingKeys, keys)) = &request.context else { return None };
    Some(keys.iter().map(|key| key.find('#').map_or(key.as_str(), |hash| &key[..=hash])))
}
