//! The report of a rehearsed conversation.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{ChatRehearsal, delivery_log::DeliveryLog};
use crate::{latency::LatencySummary, machine_info::MachineInfo, print, recorder::LoadRecorder};

#[derive(Clone, Debug, Serialize)]
pub struct ChatReport {
    pub machine: MachineInfo,
    pub url: String,
    pub members: u32,
    pub connected: usize,
    pub rate: u32,
    pub seconds: u32,
    /// Seconds between the arrival of the last member and the first message.
    pub settle: u32,
    pub presence: &'static str,
    /// Messages that the API accepted.
    pub written: usize,
    pub message_to_answer: Option<LatencySummary>,
    pub message_to_member: Option<LatencySummary>,
    pub message_to_last_member: Option<LatencySummary>,
    /// Missing deliveries, one for each message and member that did not receive it.
    pub lost: usize,
    /// How often a member received a message again.
    pub doubled: u64,
    /// All failed attempts by code, retried or not.
    pub errors: BTreeMap<String, u64>,
    /// Failures that a correct deployment does not show, by code. They fail the verdict.
    pub unexpected_errors: BTreeMap<String, u64>,
}

impl ChatReport {
    pub(super) fn from_log(
        chat: &ChatRehearsal,
        connected: usize,
        log: &DeliveryLog,
        recorder: &LoadRecorder,
    ) -> Self {
        Self {
            machine: MachineInfo::current(),
            url: chat.url.clone(),
            members: chat.members,
            connected,
            rate: chat.rate,
            seconds: chat.seconds,
            settle: chat.settle,
            presence: chat.presence.name(),
            written: log.stored_count(),
            message_to_answer: log.answer.summary(),
            message_to_member: log.member.summary(),
            message_to_last_member: log.last.summary(),
            lost: log.missing_count(),
            doubled: log.duplicate_count(),
            errors: recorder.errors(),
            unexpected_errors: recorder.unexpected_errors(),
        }
    }

    /// Checks the result.
    ///
    /// # Errors
    /// A message is lost or was not accepted, a member never connected, or a call failed unexpectedly. A duplicate is
    /// harmless.
    pub fn verdict(&self) -> anyhow::Result<()> {
        print::ensure_no_unexpected_errors(&self.unexpected_errors)?;
        let sent = self.rate as usize * self.seconds as usize;
        anyhow::ensure!(self.written == sent, "{} of {sent} messages were accepted", self.written);
        anyhow::ensure!(self.lost == 0, "{} deliveries are lost", self.lost);
        anyhow::ensure!(
            self.connected == self.members as usize,
            "{} of {} members connected",
            self.connected,
            self.members
        );
        Ok(())
    }
}

impl fmt::Display for ChatReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, members, rate, seconds, settle, presence, machine, .. } = self;
        writeln!(
            f,
            "\n{url} · {members} members, presence as {presence}, {rate} messages/s for {seconds} s, {settle} s after the last \
             arrival · {machine}"
        )?;
        print::write_latencies(
            f,
            &[
                ("message → answer", self.message_to_answer),
                ("message → each member", self.message_to_member),
                ("message → last member", self.message_to_last_member),
            ],
        )?;
        let Self { connected, written, lost, doubled, .. } = self;
        writeln!(f, "\n{connected} connected · {written} accepted · {lost} lost · {doubled} duplicated")?;
        print::write_errors(f, &self.errors, &self.unexpected_errors)
    }
}
