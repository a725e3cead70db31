//! How it went.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{latency::LatencySummary, machine_info::MachineInfo, print};

#[derive(Clone, Debug, Serialize)]
pub struct TalkReport {
    pub machine: MachineInfo,
    pub url: String,
    pub audience: usize,
    pub joined: usize,
    pub joined_per_second: f64,
    /// One reader, one thing by its id, before anybody comes.
    pub read: Option<LatencySummary>,
    /// One writer, one thing by its id, before anybody comes.
    pub write: Option<LatencySummary>,
    pub join: Option<LatencySummary>,
    pub connect: Option<LatencySummary>,
    pub welcome: Option<LatencySummary>,
    pub vote_to_presenter: Option<LatencySummary>,
    pub slide_to_screen: Option<LatencySummary>,
    pub last_vote_to_screen: Option<LatencySummary>,
    pub comeback: Option<LatencySummary>,
    pub votes_cast: u64,
    pub posts_received: u64,
    pub errors: BTreeMap<String, u64>,
    pub questions: Vec<QuestionResult>,
}

/// One question: what was cast, what the presenter saw in the end.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionResult {
    pub slide_id: String,
    pub cast: BTreeMap<String, u64>,
    pub shown: BTreeMap<String, u64>,
    pub exact: bool,
    /// Answers that the deployment reports when the talk is over.
    pub reported: Option<u64>,
    /// Screens of the audience that never showed the tally.
    pub screens_behind: usize,
}

impl QuestionResult {
    fn is_right(&self) -> bool {
        self.exact && self.screens_behind == 0 && self.reported == Some(self.cast.values().sum())
    }
}

impl TalkReport {
    /// # Errors
    /// A tally is wrong, a screen is behind, or somebody never got in.
    pub fn verdict(&self) -> anyhow::Result<()> {
        let wrong = self.questions.iter().filter(|question| !question.is_right()).count();
        anyhow::ensure!(wrong == 0, "{wrong} of {} tallies are lost or wrong", self.questions.len());
        let outside = self.audience - self.joined;
        anyhow::ensure!(outside == 0, "{outside} of {} could not join", self.audience);
        Ok(())
    }
}

impl fmt::Display for TalkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{} · {} voters · {}", self.url, self.audience, self.machine)?;
        print::write_latencies(
            f,
            &[
                ("read by key", self.read),
                ("write", self.write),
                ("join", self.join),
                ("connect", self.connect),
                ("connect → state on screen", self.welcome),
                ("vote → presenter's screen", self.vote_to_presenter),
                ("slide change → screen", self.slide_to_screen),
                ("last vote → whole tally on a screen", self.last_vote_to_screen),
                ("dropped → back with state", self.comeback),
            ],
        )?;
        let (joined, rate) = (self.joined, self.joined_per_second);
        writeln!(
            f,
            "\n{joined} joined, {rate:.0}/s · {} votes · {} posts received",
            self.votes_cast, self.posts_received
        )?;
        for (number, question) in self.questions.iter().enumerate() {
            let verdict = if question.is_right() { "exact" } else { "WRONG" };
            write!(f, "question {}: {verdict}, {} cast", number + 1, question.cast.values().sum::<u64>())?;
            if !question.is_right() {
                let QuestionResult { cast, shown, reported, screens_behind, .. } = question;
                write!(
                    f,
                    " {cast:?}, shown {shown:?}, reported {reported:?}, {screens_behind} screens behind"
                )?;
            }
            writeln!(f)?;
        }
        print::write_errors(f, &self.errors)
    }
}
