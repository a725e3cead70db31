//! One person's talk and chat against a deployment, check by check, through public URLs only: what to do after every deploy.
//!
//! | file | what |
//! | --- | --- |
//! | `checklist` | a line for each check: what it saw, or where to look |
//! | `visitor` | requests, with everything that comes back |
//! | `front` | what everyone may ask |
//! | `account` | sign-up to refresh, and its end |
//! | `picture` | an image, uploaded, shown and deleted |
//! | `gathering` | slides, a session, sockets, a vote |
//! | `team` | a channel, a message, what was missed |
//! | `listener` | sockets, and what comes on them |

mod account;
mod checklist;
mod image_upload;
mod live_session;
mod public_endpoints;
mod smoke_client;
mod socket_client;
mod team;

use std::io::Write;

use anyhow::Context;
use reqwest::Url;

use checklist::Checklist;
use smoke_client::{SmokeClient, SmokeTimings};

/// A deployment to look at.
#[derive(Clone, Debug, clap::Args)]
pub struct SmokeTest {
    /// Base URL of the HTTP API; it may have a path
    pub url: Url,
    /// An origin that the deployment allows (`AllowedOrigins`): pages of it must get in
    #[arg(long)]
    pub origin: Option<String>,
    /// Sign up with this address and send it a mail, for you to look at
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Option<String>,
    /// Leave out a check by its name, where the deployment is known to differ
    #[arg(long, value_name = "CHECK")]
    pub skip: Vec<String>,
}

impl SmokeTest {
    /// Looks at a deployment as anybody may.
    pub fn for_url(url: Url) -> Self {
        Self { url, origin: None, mailbox: None, skip: Vec::new() }
    }

    /// Writes a line for each check, and takes away what it has put there.
    ///
    /// # Errors
    /// A check failed, or nothing answers at all.
    pub async fn run(&self, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
        let times = SmokeTimings::new()?;
        let visitor = SmokeClient::new(&self.url, times.clone())?;
        let mut list = Checklist::new(out, &self.skip);
        list.print_header(visitor.base());
        let alive = visitor.get("/health").await;
        let alive = alive.with_context(|| format!("nothing answers at {}", visitor.base()))?;
        public_endpoints::check_public_endpoints(
            &mut list,
            &visitor,
            &self.url,
            &alive,
            self.origin.as_deref(),
        )
        .await;
        if let Some(account) = account::sign_up_and_check(&mut list, &visitor, self.mailbox.as_deref()).await
        {
            image_upload::check_image(&mut list, &account.visitor, &visitor).await;
            live_session::check_live_session(&mut list, &account.visitor, &visitor, &times).await;
            team::check_team_chat(&mut list, &account.visitor, &times).await;
            account::delete_account(&mut list, &account).await;
        } else {
            list.skip_dependents("everything that needs an account");
        }
        list.finish(&times)
    }
}

/// Whether the way there stays on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some(host) => {
            let host = host.trim_matches(['[', ']']);
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let is = |url: &str| is_loopback(&url.parse().unwrap());
        for here in ["http://127.0.0.1:8000", "http://[::1]:1", "ws://localhost/x", "http://a.localhost"] {
            assert!(is(here), "{here}");
        }
        for there in ["https://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com"] {
            assert!(!is(there), "{there}");
        }
    }
}
