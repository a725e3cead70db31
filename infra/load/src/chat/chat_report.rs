//! How the conversation went.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{ChatRehearsal, delivery_log::DeliveryLog};
use crate::{latency::LatencySummary, machine_info::MachineInfo, print};

#[derive(Clone, Debug, Serialize)]
pub struct ChatReport {
    pub machine: MachineInfo,
    pub url: String,
    pub members: u32,
    pub connected: usize,
    pub rate: u32,
    pub seconds: u32,
    /// Messages that were answered for.
    pub written: usize,
    pub message_to_answer: Option<LatencySummary>,
    pub message_to_member: Option<LatencySummary>,
    pub message_to_last_member: Option<LatencySummary>,
    /// One for each message and member who has not got it.
    pub lost: usize,
    /// How often a member was told a message again.
    pub doubled: u64,
    pub errors: BTreeMap<String, u64>,
}

impl ChatReport {
    pub(super) fn from_log(
        chat: &ChatRehearsal,
        connected: usize,
        log: &DeliveryLog,
        errors: BTreeMap<String, u64>,
    ) -> Self {
        Self {
            machine: MachineInfo::current(),
            url: chat.url.clone(),
            members: chat.members,
            connected,
            rate: chat.rate,
            seconds: chat.seconds,
            written: log.stored_count(),
            message_to_answer: log.answer.summary(),
            message_to_member: log.member.summary(),
            message_to_last_member: log.last.summary(),
            lost: log.missing_count(),
            doubled: log.duplicate_count(),
            errors,
        }
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
        print::write_latencies(
            f,
            &[
                ("message → answer", self.message_to_answer),
                ("message → each member", self.message_to_member),
                ("message → last member", self.message_to_last_member),
            ],
        )?;
        let Self { connected, written, lost, doubled, .. } = self;
        writeln!(f, "\n{connected} connected · {written} written · {lost} lost · {doubled} doubled")?;
        print::write_errors(f, &self.errors)
    }
}
