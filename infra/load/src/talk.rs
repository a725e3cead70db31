//! The course of a talk.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use jiff::SignedDuration;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::Instant,
};

use crate::{
    load_client::LoadClient,
    machine_info::{self, MachineInfo},
    presenter::Presenter,
    recorder::{AudienceScreen, LoadRecorder},
    talk_report::{QuestionResult, TalkReport},
    voter::{RehearsalPhase, Voter, VoterContext},
};

/// How long the deployment may take for what should take a second.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Voters at the door at once; API Gateway takes 500 new connections a second.
const MAX_CONCURRENT_JOINS: usize = 64;

/// A talk to rehearse.
#[derive(Clone, Debug, clap::Args)]
pub struct TalkRehearsal {
    /// Base URL of the deployment
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// How many come
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub audience: u32,
    /// Slides, each a question to vote on
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub questions: u32,
    /// Over what time they come in
    #[arg(long, default_value = "5s", value_parser = parse_duration)]
    pub ramp: Duration,
    /// How soon after a slide appears everybody has voted
    #[arg(long, default_value = "2s", value_parser = parse_duration)]
    pub vote_within: Duration,
    /// Drop every connection in the middle of a vote, and let everybody come back
    #[arg(long)]
    pub storm: bool,
    /// Access token of an admin there, who gives the rehearsal's account a plan without limits: where new ones have a
    /// smaller one, a session seats few
    #[arg(long, env = "ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub admin_token: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.parse().map_err(|_| "write it like 5s, 500ms or 1m".to_owned())?;
    duration.try_into().map_err(|_| "must not be negative".to_owned())
}

impl TalkRehearsal {
    /// Plays it from sign-up to end, and takes away what it has put there.
    ///
    /// # Errors
    /// The talk could not be played. A wrong tally is no error here but stands in the report.
    pub async fn run(&self) -> anyhow::Result<TalkReport> {
        let audience = usize::try_from(self.audience)?;
        if let Some(most) = machine_info::open_files() {
            let needed = audience + MAX_CONCURRENT_JOINS + 32;
            anyhow::ensure!(
                needed <= most,
                "{audience} sockets need {needed} open files, this shell allows {most}: ulimit -n {needed}"
            );
        }
        let book = Arc::new(LoadRecorder::new(audience)?);
        let api = LoadClient::new(&self.url, Arc::clone(&book))?;
        let admin = self.admin_token.as_deref();
        let presenter = Presenter::prepare(&api, usize::try_from(self.questions)?, self.audience, admin)
            .await
            .with_context(|| format!("cannot prepare a talk at {}", self.url))?;
        presenter.time_requests(&book).await?;
        let watching = presenter.record_screen(Arc::clone(&book)).await?;
        let played = self.run_with_audience(&presenter, &api, &book, audience).await;
        watching.abort();
        let left = presenter.clean_up().await;
        if let Err(error) = left {
            book.record_error(&format!("clean-up: {error:#}"));
        }
        let (questions, came) = played?;
        Ok(self.report(&book, questions, &came))
    }

    async fn run_with_audience(
        &self,
        presenter: &Presenter,
        api: &LoadClient,
        book: &Arc<LoadRecorder>,
        audience: usize,
    ) -> anyhow::Result<(Vec<QuestionResult>, ArrivalStats)> {
        let hall = Arc::new(VoterContext {
            api: api.clone(),
            recorder: Arc::clone(book),
            code: presenter.code.clone(),
            vote_within: self.vote_within,
            join_permits: Semaphore::new(MAX_CONCURRENT_JOINS),
        });
        let (phase, attending) = watch::channel(RehearsalPhase::Running);
        let mut voters = JoinSet::new();
        let opened = Instant::now();
        for number in 0..audience {
            let voter = Voter::new(number, Arc::clone(&hall), attending.clone());
            let comes = opened + self.ramp.mul_f64(share(number, audience));
            voters.spawn(async move {
                tokio::time::sleep_until(comes).await;
                voter.run().await;
            });
        }
        let all_here = |book: &LoadRecorder| book.count_screens(|screen| screen.connected) == audience;
        book.wait_until(self.ramp + RESPONSE_TIMEOUT, all_here).await;
        let came = ArrivalStats {
            seconds: opened.elapsed().as_secs_f64(),
            people: book.count_screens(|screen| screen.connected),
        };
        self.print_progress(&format!("{} of {audience} are here", came.people));
        anyhow::ensure!(came.people > 0, "nobody could join: {:?}", book.errors());

        let mut questions = Vec::with_capacity(presenter.slides.len());
        let storm_at = if self.storm { presenter.slides.len() / 2 } else { usize::MAX };
        for (number, slide) in presenter.slides.iter().enumerate() {
            book.record_slide_request(slide);
            if number == 0 {
                presenter.start().await?;
            } else {
                presenter.show_slide(slide).await?;
            }
            if number == storm_at {
                let in_the_middle = came.people as u64 / 2;
                book.wait_until(self.vote_within + RESPONSE_TIMEOUT, |book| {
                    votes_cast(book, slide) >= in_the_middle
                })
                .await;
                phase.send_replace(RehearsalPhase::DropConnections);
                self.print_progress("storm: every connection drops");
            }
            questions.push(self.await_vote_result(book, slide, came.people).await);
        }
        presenter.end().await?;
        book.wait_until(RESPONSE_TIMEOUT, |book| book.count_screens(|screen| screen.ended) >= came.people)
            .await;
        let unaware = came.people.saturating_sub(book.count_screens(|screen| screen.ended));
        if unaware > 0 {
            book.record_error(&format!("{unaware} screens never saw the end"));
        }
        // the last count may come after the screens have seen it: a count for everyone is told, and not kept
        for _ in 0..RESPONSE_TIMEOUT.as_secs() {
            let answered = presenter.reported_answers().await?;
            for question in &mut questions {
                question.reported = answered[&question.slide_id].as_u64();
            }
            if questions.iter().all(|question| question.reported == Some(question.cast.values().sum())) {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        phase.send_replace(RehearsalPhase::Over);
        Ok((questions, came))
    }

    /// Waits for a vote to run its course, and looks at every screen.
    async fn await_vote_result(&self, book: &LoadRecorder, slide: &str, people: usize) -> QuestionResult {
        book.wait_until(self.vote_within + RESPONSE_TIMEOUT, |book| votes_cast(book, slide) >= people as u64)
            .await;
        book.wait_until(RESPONSE_TIMEOUT, |book| {
            book.with_votes(slide, |ballot| ballot.is_exact()) == Some(true)
        })
        .await;
        let votes = book.with_votes(slide, |ballot| ballot.votes()).unwrap_or_default();
        let shows_it = |screen: &AudienceScreen| matches!(screen.tallies.get(slide), Some(Some(shown)) if shown.votes == votes);
        book.wait_until(RESPONSE_TIMEOUT, |book| book.count_screens(shows_it) >= people).await;
        book.record_tally_latencies(slide);
        let (exact, shown) = book
            .with_votes(slide, |ballot| {
                (ballot.is_exact(), ballot.shown.as_ref().map(|shown| shown.votes.clone()))
            })
            .unwrap_or_default();
        let cast = votes.values().sum::<u64>();
        self.print_progress(&format!("{cast} votes, {}", if exact { "exact" } else { "WRONG" }));
        QuestionResult {
            slide_id: slide.to_owned(),
            shown: shown.unwrap_or_default(),
            exact: exact && cast == people as u64,
            reported: None,
            screens_behind: people.saturating_sub(book.count_screens(shows_it)),
            cast: votes,
        }
    }

    fn report(&self, book: &LoadRecorder, questions: Vec<QuestionResult>, came: &ArrivalStats) -> TalkReport {
        TalkReport {
            machine: MachineInfo::current(),
            url: self.url.clone(),
            audience: self.audience as usize,
            joined: came.people,
            joined_per_second: to_f64(came.people) / came.seconds,
            read: book.read.summary(),
            write: book.write.summary(),
            join: book.join.summary(),
            connect: book.connect.summary(),
            welcome: book.welcome.summary(),
            vote_to_presenter: book.vote.summary(),
            slide_to_screen: book.slide.summary(),
            last_vote_to_screen: book.tally.summary(),
            comeback: book.comeback.summary(),
            votes_cast: questions.iter().flat_map(|question| question.cast.values()).sum(),
            posts_received: book.frames(),
            errors: book.errors(),
            questions,
        }
    }

    #[expect(clippy::print_stderr, reason = "a rehearsal takes a minute; whoever waits sees that it moves")]
    fn print_progress(&self, what: &str) {
        if !self.json {
            eprintln!("{what}");
        }
    }
}

/// Who came in the ramp, and how long it took.
struct ArrivalStats {
    people: usize,
    seconds: f64,
}

fn votes_cast(book: &LoadRecorder, slide: &str) -> u64 {
    book.with_votes(slide, |ballot| ballot.votes().values().sum()).unwrap_or_default()
}

/// An audience has at most 50,000.
fn to_f64(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

fn share(number: usize, of: usize) -> f64 {
    to_f64(number) / to_f64(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(parse_duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1m"), Ok(Duration::from_mins(1)));
        assert!(parse_duration("soon").is_err() && parse_duration("-1s").is_err());
    }
}
