//! Records the permissions that callers used, so that a test can compare a policy with the calls of its function.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{AccessRequest, ContextKey};

/// A permission that was requested and granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedPermission {
    pub action: String,
    /// The last segment of the ARN, without the id of a connection.
    pub resource: String,
    /// A partition key up to its first `#`. The rest is not recorded, because it may be an e-mail address.
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
        let permission = |leading_key| UsedPermission {
            action: request.action.to_owned(),
            resource: resource.clone(),
            leading_key,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(caller.to_owned()).or_default();
        match leading_key_prefixes(request) {
            Some(prefixes) => own.extend(prefixes.map(|prefix| permission(Some(prefix.to_owned())))),
            None => drop(own.insert(permission(None))),
        }
    }

    pub(super) fn all(&self) -> BTreeMap<String, BTreeSet<UsedPermission>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The partition keys of a request up to their first `#`.
pub(super) fn leading_key_prefixes<'r>(
    request: &'r AccessRequest<'_>,
) -> Option<impl Iterator<Item = &'r str>> {
    let Some((ContextKey::LeadingKeys, keys)) = &request.context else { return None };
    Some(keys.iter().map(|key| key.find('#').map_or(key.as_str(), |hash| &key[..=hash])))
}
