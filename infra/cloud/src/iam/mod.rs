//! Who may do what: the roles of functions, and what their policies make of each request.
//!
//! Signatures are not verified. The access key in a signature says who calls: each function has one of its own, and
//! [`ADMINISTRATOR`] may do everything.

mod condition;
mod pattern;
mod policy;
mod uses;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use http::{HeaderMap, header::AUTHORIZATION};

use crate::{ACCOUNT, REGION};

pub(crate) use condition::ContextKey;
use policy::{Decision, decide};
pub use policy::{Policy, PolicyError};
pub use uses::Use;
use uses::{Uses, prefixes};

/// The access key of whoever owns the account: tools, tests, and functions that cannot be told apart.
pub const ADMINISTRATOR: &str = "local";

/// Who there is beside the administrator, and what they may do.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// By access key; a key that is not here is unknown.
    pub roles: BTreeMap<String, Vec<Policy>>,
    /// `{api}/{stage}` of the WebSocket API, as in the ARNs of its connections.
    pub socket_api: String,
}

/// What a service asks before it does something.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: Option<(ContextKey, Vec<String>)>,
}

/// Why a request is not carried out. Each service has its own words for the first two.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No signature.
    Unsigned,
    /// A signature of nobody.
    Unknown,
    /// Not permitted, and the sentence that says so.
    Denied(String),
}

/// The gate of all services; clones are one.
#[derive(Clone)]
pub(crate) struct Guard {
    shared: Arc<Shared>,
}

struct Shared {
    access: Access,
    uses: Uses,
}

/// Someone known.
#[derive(Clone, Copy)]
pub(crate) enum Caller<'g> {
    Administrator,
    Role { key: &'g str, policies: &'g [Policy], uses: &'g Uses },
}

impl Guard {
    pub(crate) fn new(access: Access) -> Self {
        Self { shared: Arc::new(Shared { access, uses: Uses::default() }) }
    }

    pub(crate) fn uses(&self) -> BTreeMap<String, BTreeSet<Use>> {
        self.shared.uses.all()
    }

    pub(crate) fn socket_api(&self) -> &str {
        &self.shared.access.socket_api
    }

    /// Who signed the request.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller<'_>, Refusal> {
        let signed = headers.get(AUTHORIZATION).ok_or(Refusal::Unsigned)?;
        let key = signed.to_str().ok().and_then(access_key).ok_or(Refusal::Unknown)?;
        if key == ADMINISTRATOR {
            return Ok(Caller::Administrator);
        }
        let (key, policies) = self.shared.access.roles.get_key_value(key).ok_or(Refusal::Unknown)?;
        Ok(Caller::Role { key, policies, uses: &self.shared.uses })
    }
}

impl Caller<'_> {
    /// May the caller do this?
    pub(crate) fn may(self, request: &Request<'_>) -> Result<(), Refusal> {
        let Self::Role { key, policies, uses } = self else { return Ok(()) };
        let decision = decide(policies, request);
        if decision == Decision::Allowed {
            uses.note(key, request);
            return Ok(());
        }
        let Request { action, resource, .. } = request;
        let keys = prefixes(request).map(Vec::from_iter);
        tracing::error!(function = key, action, resource, ?keys, "refused: the template does not allow it");
        let why = match decision {
            Decision::Denied => "with an explicit deny in an identity-based policy".to_owned(),
            _ => format!("because no identity-based policy allows the {action} action"),
        };
        Err(Refusal::Denied(format!(
            "User: arn:aws:sts::{ACCOUNT}:assumed-role/{key} is not authorized to perform: {action} on resource: \
             {resource} {why}"
        )))
    }
}

/// The one in `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn access_key(authorization: &str) -> Option<&str> {
    let (_, scope) = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split_once("Credential=")?;
    scope.split_once('/').map(|(key, _)| key)
}

/// Of a resource in this account and region.
pub(crate) fn arn(service: &str, resource: impl fmt::Display) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}
