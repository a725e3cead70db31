//! The report of a rehearsed talk.

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
    /// Reads of one item by one client, before the audience arrives.
    pub read: Option<LatencySummary>,
    /// Writes of one item by one client, before the audience arrives.
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
    /// All failed attempts by code, retried or not.
    pub errors: BTreeMap<String, u64>,
    /// Failures that a correct deployment does not show, by code. They fail the verdict.
    pub unexpected_errors: BTreeMap<String, u64>,
    pub questions: Vec<QuestionResult>,
}

/// The sent votes of a question, and the tally that the presenter saw last.
#[derive(Clone, Debug, Serialize)]
pub struct QuestionResult {
    pub slide_id: String,
    pub cast: BTreeMap<String, u64>,
    pub shown: BTreeMap<String, u64>,
    pub exact: bool,
    /// Answers that the deployment reports after the end.
    pub reported: Option<u64>,
    /// Screens of the audience that never showed the tally.
    pub screens_behind: usize,
}

impl QuestionResult {
    fn is_correct(&self) -> bool {
        self.exact && self.screens_behind == 0 && self.reported == Some(self.cast.values().sum())
    }
}

impl TalkReport {
    /// Checks the result.
    ///
    /// # Errors
    /// A tally is wrong, a screen is behind, a participant could not join, or a call failed unexpectedly.
    pub fn verdict(&self) -> anyhow::Result<()> {
        print::ensure_no_unexpected_errors(&self.unexpected_errors)?;
        let wrong = self.questions.iter().filter(|question| !question.is_correct()).count();
        anyhow::ensure!(wrong == 0, "{wrong} of {} tallies are missing or wrong", self.questions.len());
        let missing = self.audience - self.joined;
        anyhow::ensure!(missing == 0, "{missing} of {} participants could not join", self.audience);
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
                ("connect → session state", self.welcome),
                ("vote → presenter's screen", self.vote_to_presenter),
                ("slide change → screen", self.slide_to_screen),
                ("last vote → whole tally on a screen", self.last_vote_to_screen),
                ("dropped → session state again", self.comeback),
            ],
        )?;
        let joined = self.joined;
        let rate = self.joined_per_second;
        writeln!(
            f,
            "\n{joined} joined, {rate:.0}/s · {} votes · {} posts received",
            self.votes_cast, self.posts_received
        )?;
        for (number, question) in self.questions.iter().enumerate() {
            let verdict = if question.is_correct() { "exact" } else { "WRONG" };
            write!(f, "question {}: {verdict}, {} cast", number + 1, question.cast.values().sum::<u64>())?;
            if !question.is_correct() {
                let QuestionResult { cast, shown, reported, screens_behind, .. } = question;
                write!(
                    f,
                    " {cast:?}, shown {shown:?}, reported {reported:?}, {screens_behind} screens behind"
                )?;
            }
            writeln!(f)?;
        }
        print::write_errors(f, &self.errors, &self.unexpected_errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(unexpected_errors: &[(&str, u64)]) -> TalkReport {
        TalkReport {
            machine: MachineInfo::current(),
            url: String::new(),
            audience: 1,
            joined: 1,
            joined_per_second: 1.0,
            read: None,
            write: None,
            join: None,
            connect: None,
            welcome: None,
            vote_to_presenter: None,
            slide_to_screen: None,
            last_vote_to_screen: None,
            comeback: None,
            votes_cast: 0,
            posts_received: 0,
            errors: BTreeMap::from([("SERVICE_UNAVAILABLE".to_owned(), 7)]),
            unexpected_errors: unexpected_errors
                .iter()
                .map(|(code, count)| ((*code).to_owned(), *count))
                .collect(),
            questions: Vec::new(),
        }
    }

    #[test]
    fn retried_errors_pass_and_unexpected_errors_fail() {
        assert!(report(&[]).verdict().is_ok());
        let error = report(&[("INTERNAL_ERROR", 2)]).verdict().unwrap_err().to_string();
        assert_eq!(error, "calls failed unexpectedly: 2 × INTERNAL_ERROR");
    }
}
