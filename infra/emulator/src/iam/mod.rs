//! Access control: the roles of functions, and the decision of their policies about each request.
//!
//! Signatures are not verified. The access key in a signature identifies the caller. Each function has its own key, and
//! [`ADMINISTRATOR`] may do everything.

mod condition;
mod json;
mod pattern;
mod policy;
mod used_permissions;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use http::{HeaderMap, header::AUTHORIZATION};

use crate::{ACCOUNT, REGION};

pub(crate) use condition::ContextKey;
pub use policy::{IamPolicy, IamPolicyError};
use policy::{PolicyDecision, decide};
pub use used_permissions::UsedPermission;
use used_permissions::{UsedPermissions, leading_key_prefixes};

/// The access key of the account's owner. Tools and tests use it, and functions that cannot be distinguished from each
/// other.
pub const ADMINISTRATOR: &str = "local";

/// The roles beside the administrator.
#[derive(Clone, Debug, Default)]
pub struct IamConfig {
    /// Policies by access key. A request with any other key is refused as unknown.
    pub roles: BTreeMap<String, Vec<IamPolicy>>,
    /// `{api}/{stage}` of the WebSocket API, as in the ARNs of its connections.
    pub socket_api: String,
}

/// A question to the policies, which a service asks before it acts.
#[derive(Clone, Debug)]
pub(crate) struct AccessRequest<'a> {
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: Option<(ContextKey, Vec<String>)>,
}

/// Why a request is refused. Each service has its own error for the first two.
#[derive(Debug)]
pub(crate) enum AccessRefusal {
    /// The request has no signature.
    Unsigned,
    /// The access key belongs to no role.
    Unknown,
    /// No policy permits the request. Holds the message of AWS.
    Denied(String),
}

/// Checks requests for all services. Clones share one state.
#[derive(Clone)]
pub(crate) struct IamGuard {
    shared: Arc<GuardState>,
}

struct GuardState {
    config: IamConfig,
    used_permissions: UsedPermissions,
}

/// The owner of a known access key.
#[derive(Clone, Copy)]
pub(crate) enum IamCaller<'g> {
    Administrator,
    Role { key: &'g str, policies: &'g [IamPolicy], uses: &'g UsedPermissions },
}

impl IamGuard {
    pub(crate) fn new(access: IamConfig) -> Self {
        Self { shared: Arc::new(GuardState { config: access, used_permissions: UsedPermissions::default() }) }
    }

    pub(crate) fn used_permissions(&self) -> BTreeMap<String, BTreeSet<UsedPermission>> {
        self.shared.used_permissions.all()
    }

    pub(crate) fn socket_api(&self) -> &str {
        &self.shared.config.socket_api
    }

    /// Identifies the caller by the signature.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<IamCaller<'_>, AccessRefusal> {
        let signed = headers.get(AUTHORIZATION).ok_or(AccessRefusal::Unsigned)?;
        let key = signed.to_str().ok().and_then(access_key).ok_or(AccessRefusal::Unknown)?;
        if key == ADMINISTRATOR {
            return Ok(IamCaller::Administrator);
        }
        let (key, policies) = self.shared.config.roles.get_key_value(key).ok_or(AccessRefusal::Unknown)?;
        Ok(IamCaller::Role { key, policies, uses: &self.shared.used_permissions })
    }
}

impl IamCaller<'_> {
    /// Fails if the caller's policies do not permit the request.
    pub(crate) fn authorize(self, request: &AccessRequest<'_>) -> Result<(), AccessRefusal> {
        let Self::Role { key, policies, uses } = self else { return Ok(()) };
        let decision = decide(policies, request);
        if decision == PolicyDecision::Allowed {
            uses.record(key, request);
            return Ok(());
        }
        let AccessRequest { action, resource, .. } = request;
        let keys = leading_key_prefixes(request).map(Vec::from_iter);
        tracing::error!(function = key, action, resource, ?keys, "refused: the template does not allow it");
        let why = match decision {
            PolicyDecision::Denied => "with an explicit deny in an identity-based policy".to_owned(),
            _ => format!("because no identity-based policy allows the {action} action"),
        };
        Err(AccessRefusal::Denied(format!(
            "User: arn:aws:sts::{ACCOUNT}:assumed-role/{key} is not authorized to perform: {action} on resource: \
             {resource} {why}"
        )))
    }
}

/// The key in `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn access_key(authorization: &str) -> Option<&str> {
    let (_, scope) = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split_once("Credential=")?;
    scope.split_once('/').map(|(key, _)| key)
}

/// The ARN of a resource in this account and region.
pub(crate) fn arn(service: &str, resource: impl fmt::Display) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}
