//! Rate limits per account and per network.

use model::Error;
use store::{RateLimit, platform::rate_limits};

use super::RequestSource;
use crate::App;

/// Counts one attempt for each name, for example for the account and for the source address.
///
/// # Errors
/// Returns `RateLimited` at the first name that is above its limit.
pub async fn enforce_rate_limits(app: &App, checks: &[(RateLimit, &str)]) -> Result<(), Error> {
    for (limit, name) in checks {
        rate_limits::count_attempt(&app.store, *limit, name, app.clock.now()).await?.require_allowed()?;
    }
    Ok(())
}

impl RequestSource {
    /// Returns the name of the network for rate limits, as [`network_key`] does.
    pub fn network_key(&self) -> String {
        network_key(&self.ip)
    }
}

/// Returns the name of the network of an IP address for rate limits. An IPv6 /64 network has one name, because one
/// household has a whole network.
pub fn network_key(ip: &str) -> String {
    match ip.parse() {
        Ok(std::net::IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => ip.to_owned(),
    }
}
