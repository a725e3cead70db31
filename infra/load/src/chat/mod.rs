//! Rehearses a conversation: all members of a team are in one channel and take turns to send.

mod chat_report;
mod delivery_log;
mod member;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

pub use self::chat_report::ChatReport;
use self::{delivery_log::DeliveryLog, member::ChatMemberClient};
use crate::{load_client::LoadClient, machine_info, presenter::text_field, recorder::LoadRecorder};

/// A generous limit for operations that should take a second.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Concurrent sign-ups, because each hashes a password.
const MAX_CONCURRENT_SIGN_UPS: usize = 8;

/// The form in which a client receives presence (`presence` of a ticket).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PresenceArg {
    /// One event for all changes of a second, as a current client
    State,
    /// One event for each change, as a client of the original. Their number grows with the square of the members
    Events,
}

impl PresenceArg {
    const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Events => "events",
        }
    }
}

/// A conversation to rehearse.
#[derive(Clone, Debug, clap::Args)]
pub struct ChatRehearsal {
    /// Base URL of the deployment
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// Members of the channel, each with an account and a socket. A network can sign up 500 an hour
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=5_000))]
    pub members: u32,
    /// Messages a second over all members, at most two for each member
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rate: u32,
    /// Seconds in which they send messages
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// Seconds between the arrival of the last member and the first message. With 0, messages compete with the presence of a team
    /// that has just arrived
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub settle: u32,
    /// The form in which the members receive presence
    #[arg(long, value_enum, default_value_t = PresenceArg::State)]
    pub presence: PresenceArg,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

impl ChatRehearsal {
    /// Runs the rehearsal from sign-up to the last message, then deletes its data.
    ///
    /// # Errors
    /// The rehearsal could not be run. A lost message is no error here. The report counts it.
    pub async fn run(&self) -> anyhow::Result<ChatReport> {
        let members = usize::try_from(self.members)?;
        anyhow::ensure!(
            self.rate <= 2 * self.members,
            "{} members can send at most {} messages a second",
            members,
            2 * members
        );
        if let Some(most) = machine_info::open_files() {
            let needed = members + MAX_CONCURRENT_SIGN_UPS + 64;
            anyhow::ensure!(
                needed <= most,
                "{members} sockets need {needed} open files, but the limit is {most}: run `ulimit -n {needed}`"
            );
        }
        let recorder = Arc::new(LoadRecorder::new(0)?);
        let api = LoadClient::new(&self.url, Arc::clone(&recorder))?.with_idempotency_keys();
        let founder = ChatMemberClient::sign_up(&api)
            .await
            .with_context(|| format!("cannot sign up at {}", self.url))?;
        let name = format!("rehearsal-{:016x}", rand::random::<u64>());
        let channel = founder.api.post("/v1/channels", &json!({ "name": name })).await?;
        let channel = text_field(&channel, "id")?.to_owned();
        let log = Arc::new(DeliveryLog::new(members)?);
        let mut all = vec![founder];
        let others: Vec<anyhow::Result<ChatMemberClient>> = stream::iter(1..members)
            .map(|_| async {
                let member = ChatMemberClient::sign_up(&api).await?;
                member.api.post("/v1/channels/join", &json!({ "channel_id": channel })).await?;
                Ok(member)
            })
            .buffer_unordered(MAX_CONCURRENT_SIGN_UPS)
            .collect()
            .await;
        let mut refused = None;
        for other in others {
            match other {
                Ok(member) => all.push(member),
                Err(error) => refused = Some(error),
            }
        }
        let played = match refused {
            Some(error) => Err(error.context("a member could not join")),
            None => self.exchange_messages(&all, &channel, &log, &recorder).await,
        };
        recorder.ignore_further_failures();
        self.print_progress("deleting the data");
        if let Err(error) = all[0].api.delete(&format!("/v1/channels/{channel}"), None).await {
            recorder.record_error(&format!("clean-up: {error:#}"));
        }
        stream::iter(&all)
            .for_each_concurrent(MAX_CONCURRENT_SIGN_UPS, |member| async {
                if let Err(error) = member.delete_account().await {
                    recorder.record_error(&format!("clean-up: {error:#}"));
                }
            })
            .await;
        let connected = played?;
        Ok(ChatReport::from_log(self, connected, &log, &recorder))
    }

    /// Connects the members and sends the messages. Returns the number of connected members.
    async fn exchange_messages(
        &self,
        all: &[ChatMemberClient],
        channel: &str,
        log: &Arc<DeliveryLog>,
        recorder: &Arc<LoadRecorder>,
    ) -> anyhow::Result<usize> {
        let (stop, stopping) = watch::channel(false);
        let mut listening = JoinSet::new();
        for (number, member) in all.iter().enumerate() {
            listening.spawn(member.clone().listen(
                number,
                channel.to_owned(),
                self.presence,
                Arc::clone(log),
                Arc::clone(recorder),
                stopping.clone(),
            ));
        }
        log.wait_until(RESPONSE_TIMEOUT, |log| log.connected_count() == all.len()).await;
        let connected = log.connected_count();
        self.print_progress(&format!("{connected} of {} members have connected", all.len()));
        anyhow::ensure!(connected > 0, "no member could connect: {:?}", recorder.errors());
        tokio::time::sleep(Duration::from_secs(self.settle.into())).await;

        let messages = u64::from(self.rate) * u64::from(self.seconds);
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / self.rate);
        let mut writing = JoinSet::new();
        for (number, member) in (0..messages).zip(all.iter().cycle()) {
            ticks.tick().await;
            let api = member.api.clone();
            let log = Arc::clone(log);
            let channel = channel.to_owned();
            writing.spawn(async move {
                let body = json!({
                    "channel_id": channel,
                    "content": format!("message {number}"),
                    "client_msg_id": format!("rehearsal-{number}"),
                });
                // before the request, because a delivery may be faster than the response
                let requested_at = Instant::now();
                log.record_sent(number, requested_at);
                match api.post("/v1/messages", &body).await {
                    Ok(_) => log.record_stored(number, requested_at.elapsed()),
                    Err(_) => log.record_refused(number),
                }
            });
        }
        while writing.join_next().await.is_some() {}
        self.print_progress(&format!("{} messages were accepted", log.stored_count()));
        log.wait_until(RESPONSE_TIMEOUT, |log| log.missing_count() == 0).await;
        stop.send_replace(true);
        while listening.join_next().await.is_some() {}
        Ok(connected)
    }

    #[expect(clippy::print_stderr, reason = "a rehearsal takes a minute, and its user needs to see progress")]
    fn print_progress(&self, what: &str) {
        if !self.json {
            eprintln!("{what}");
        }
    }
}
