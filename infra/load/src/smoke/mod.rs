//! The smoke test, for use after every deploy: a talk and a chat of one person against a deployment, check by check,
//! through public URLs only.
//!
//! | file | contents |
//! | --- | --- |
//! | `checklist` | a line for each check, with its result or where to look |
//! | `smoke_client` | requests and complete responses |
//! | `public_endpoints` | endpoints without an account |
//! | `account` | sign-up, tokens, deletion |
//! | `image_upload` | an image, uploaded, shown and deleted |
//! | `live_session` | slides, a session, sockets, a vote |
//! | `team` | a channel, a message, missed messages |
//! | `socket_client` | sockets and their events |

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

/// A deployment to check.
#[derive(Clone, Debug, clap::Args)]
pub struct SmokeTest {
    /// Base URL of the HTTP API; it may have a path
    pub url: Url,
    /// Check that pages of this origin are allowed (`AllowedOrigins`)
    #[arg(long)]
    pub origin: Option<String>,
    /// Sign up with this address, and send it an e-mail for you to check
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Option<String>,
    /// Skip a check by its name, if the deployment is known to differ
    #[arg(long, value_name = "CHECK")]
    pub skip: Vec<String>,
}

impl SmokeTest {
    /// A test with public URLs only and default options.
    pub fn for_url(url: Url) -> Self {
        Self { url, origin: None, mailbox: None, skip: Vec::new() }
    }

    /// Runs all checks, prints a line for each, and deletes the test's data.
    ///
    /// # Errors
    /// A check failed, or the deployment does not respond.
    pub async fn run(&self, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
        let times = SmokeTimings::new()?;
        let client = SmokeClient::new(&self.url, times.clone())?;
        let mut list = Checklist::new(out, &self.skip);
        list.print_header(client.base());
        let alive = client.get("/health").await;
        let alive = alive.with_context(|| format!("no response from {}", client.base()))?;
        public_endpoints::check_public_endpoints(
            &mut list,
            &client,
            &self.url,
            &alive,
            self.origin.as_deref(),
        )
        .await;
        if let Some(account) = account::sign_up_and_check(&mut list, &client, self.mailbox.as_deref()).await {
            image_upload::check_image(&mut list, &account.client, &client).await;
            live_session::check_live_session(&mut list, &account.client, &client, &times).await;
            team::check_team_chat(&mut list, &account.client, &times).await;
            account::delete_account(&mut list, &account).await;
        } else {
            list.skip_dependents("all checks that need an account");
        }
        list.finish(&times)
    }
}

/// Returns true if the URL is of this machine.
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
