//! Limits of attempts, per account and per source.

use model::Error;
use store::{RateLimit, platform::rate_limits};

use super::RequestSource;
use crate::App;

/// Counts one attempt against every name it is made under: the account that is tried, the address it comes from.
///
/// # Errors
/// `TooMany` as soon as one of them is over its limit.
pub async fn enforce_rate_limits(app: &App, checks: &[(RateLimit, &str)]) -> Result<(), Error> {
    for (limit, who) in checks {
        rate_limits::count_attempt(&app.store, *limit, who, app.clock.now()).await?.require_allowed()?;
    }
    Ok(())
}

impl RequestSource {
    /// The name under which an address is counted: a whole IPv6 network counts as one, since a home has that many.
    pub fn network_key(&self) -> String {
        match self.ip.parse() {
            Ok(std::net::IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            _ => self.ip.clone(),
        }
    }
}
