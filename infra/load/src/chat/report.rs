//! How the conversation went.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{Chat, log::Log};
use crate::{latency::Summary, machine::Machine};

#[derive(Clone, Debug, Serialize)]
pub struct ChatReport {
    pub machine: Machine,
    pub url: String,
    pub members: u32,
    pub connected: usize,
    pub rate: u32,
    pub seconds: u32,
    /// Messages that were answered for.
    pub written: usize,
    pub message_to_answer: Option<Summary>,
    pub message_to_member: Option<Summary>,
    pub message_to_last_member: Option<Summary>,
    /// One for each message and member who has not got it.
    pub lost: usize,
    /// How often a member was told a message again.
    pub doubled: u64,
    pub errors: BTreeMap<String, u64>,
}

impl ChatReport {
    pub(super) fn of(chat: &Chat, connected: usize, log: &Log, errors: BTreeMap<String, u64>) -> Self {
        Self {
            machine: Machine::this(),
            url: chat.url.clone(),
            members: chat.members,
            connected,
            rate: chat.rate,
            seconds: chat.seconds,
            written: log.stored_count(),
            message_to_answer: log.answer.summary(),
            message_to_member: log.member.summary(),
            message_to_last_member: log.last.summary(),
            lost: log.missing(),
            doubled: log.doubled(),
            errors,
        }
    }

    #[expect(clippy::print_stdout, reason = "the report is what the command is for")]
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            println!("{self}");
        }
        Ok(())
    }

    /// # Errors
    /// A message is lost, was not taken, or somebody never got in. One that came twice is harmless.
    pub fn verdict(&self) -> anyhow::Result<()> {
        let asked = self.rate as usize * self.seconds as usize;
        anyhow::ensure!(self.written == asked, "{} of {asked} messages were taken", self.written);
        anyhow::ensure!(self.lost == 0, "{} deliveries are lost", self.lost);
        anyhow::ensure!(
            self.connected == self.members as usize,
            "{} of {} connected",
            self.connected,
            self.members
        );
        Ok(())
    }
}

impl fmt::Display for ChatReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, members, rate, seconds, machine, .. } = self;
        writeln!(f, "\n{url} · {members} members, {rate} messages/s for {seconds} s · {machine}")?;
        writeln!(f, "\n{:<36}{:>10}{:>10}{:>10}{:>10}", "", "count", "p50 ms", "p99 ms", "max ms")?;
        for (name, summary) in [
            ("message → answer", self.message_to_answer),
            ("message → each member", self.message_to_member),
            ("message → last member", self.message_to_last_member),
        ] {
            if let Some(Summary { count, p50_ms, p99_ms, max_ms }) = summary {
                writeln!(f, "{name:<36}{count:>10}{p50_ms:>10.1}{p99_ms:>10.1}{max_ms:>10.1}")?;
            }
        }
        let Self { connected, written, lost, doubled, .. } = self;
        writeln!(f, "\n{connected} connected · {written} written · {lost} lost · {doubled} doubled")?;
        if self.errors.is_empty() {
            return write!(f, "no errors");
        }
        write!(f, "errors:")?;
        self.errors.iter().try_for_each(|(code, count)| write!(f, "\n  {count:>6} {code}"))
    }
}
