//! Rehearses a talk.

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

/// A generous limit for operations that should take a second.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Concurrent joins. API Gateway admits 500 new connections a second.
const MAX_CONCURRENT_JOINS: usize = 64;

/// A talk to rehearse.
#[derive(Clone, Debug, clap::Args)]
pub struct TalkRehearsal {
    /// Base URL of the deployment
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// Number of participants
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub audience: u32,
    /// Number of slides, each with a question to vote on
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub questions: u32,
    /// Time in which the participants join
    #[arg(long, default_value = "5s", value_parser = parse_duration)]
    pub ramp: Duration,
    /// Time after a slide change in which all participants vote
    #[arg(long, default_value = "2s", value_parser = parse_duration)]
    pub vote_within: Duration,
    /// Drop every connection in the middle of a vote, and let all participants reconnect
    #[arg(long)]
    pub storm: bool,
    /// Access token of an admin, who gives the presenter a plan without limits. Needed if the default plan admits a
    /// smaller audience
    #[arg(long, env = "ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub admin_token: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration =
        text.parse().map_err(|_| "must have a unit, such as 5s, 500ms or 1m".to_owned())?;
    duration.try_into().map_err(|_| "must not be negative".to_owned())
}

impl TalkRehearsal {
    /// Runs the rehearsal from sign-up to the end, then deletes its data.
    ///
    /// # Errors
    /// The rehearsal could not be run. A wrong tally is no error here. The report contains it.
    pub async fn run(&self) -> anyhow::Result<TalkReport> {
        let audience = usize::try_from(self.audience)?;
        if let Some(most) = machine_info::open_files() {
            let needed = audience + MAX_CONCURRENT_JOINS + 32;
            anyhow::ensure!(
                needed <= most,
                "{audience} sockets need {needed} open files, but the limit is {most}: run `ulimit -n {needed}`"
            );
        }
        let recorder = Arc::new(LoadRecorder::new(audience)?);
        let api = LoadClient::new(&self.url, Arc::clone(&recorder))?;
        let admin = self.admin_token.as_deref();
        let presenter = Presenter::prepare(&api, usize::try_from(self.questions)?, self.audience, admin)
            .await
            .with_context(|| format!("cannot prepare a talk at {}", self.url))?;
        presenter.time_requests(&recorder).await?;
        let watching = presenter.record_screen(Arc::clone(&recorder)).await?;
        let played = self.run_with_audience(&presenter, &api, &recorder, audience).await;
        watching.abort();
        let left = presenter.clean_up().await;
        if let Err(error) = left {
            recorder.record_error(&format!("clean-up: {error:#}"));
        }
        let (questions, arrivals) = played?;
        Ok(self.report(&recorder, questions, &arrivals))
    }

    async fn run_with_audience(
        &self,
        presenter: &Presenter,
        api: &LoadClient,
        recorder: &Arc<LoadRecorder>,
        audience: usize,
    ) -> anyhow::Result<(Vec<QuestionResult>, ArrivalStats)> {
        let context = Arc::new(VoterContext {
            api: api.clone(),
            recorder: Arc::clone(recorder),
            code: presenter.code.clone(),
            vote_within: self.vote_within,
            join_permits: Semaphore::new(MAX_CONCURRENT_JOINS),
        });
        let (phase, attending) = watch::channel(RehearsalPhase::Running);
        let mut voters = JoinSet::new();
        let opened = Instant::now();
        for number in 0..audience {
            let voter = Voter::new(number, Arc::clone(&context), attending.clone());
            let comes = opened + self.ramp.mul_f64(share(number, audience));
            voters.spawn(async move {
                tokio::time::sleep_until(comes).await;
                voter.run().await;
            });
        }
        let all_here =
            |recorder: &LoadRecorder| recorder.count_screens(|screen| screen.connected) == audience;
        recorder.wait_until(self.ramp + RESPONSE_TIMEOUT, all_here).await;
        let arrivals = ArrivalStats {
            seconds: opened.elapsed().as_secs_f64(),
            people: recorder.count_screens(|screen| screen.connected),
        };
        self.print_progress(&format!("{} of {audience} participants have joined", arrivals.people));
        anyhow::ensure!(arrivals.people > 0, "no participant could join: {:?}", recorder.errors());

        let mut questions = Vec::with_capacity(presenter.slides.len());
        let storm_at = if self.storm { presenter.slides.len() / 2 } else { usize::MAX };
        for (number, slide) in presenter.slides.iter().enumerate() {
            recorder.record_slide_request(slide);
            if number == 0 {
                presenter.start().await?;
            } else {
                presenter.show_slide(slide).await?;
            }
            if number == storm_at {
                let half = arrivals.people as u64 / 2;
                recorder
                    .wait_until(self.vote_within + RESPONSE_TIMEOUT, |recorder| {
                        votes_cast(recorder, slide) >= half
                    })
                    .await;
                phase.send_replace(RehearsalPhase::DropConnections);
                self.print_progress("storm: dropping every connection");
            }
            questions.push(self.await_vote_result(recorder, slide, arrivals.people).await);
        }
        recorder.ignore_further_failures();
        presenter.end().await?;
        recorder
            .wait_until(RESPONSE_TIMEOUT, |recorder| {
                recorder.count_screens(|screen| screen.ended) >= arrivals.people
            })
            .await;
        let unaware = arrivals.people.saturating_sub(recorder.count_screens(|screen| screen.ended));
        if unaware > 0 {
            recorder.record_error(&format!("{unaware} screens never showed the end"));
        }
        // the last count may be later than the screens, because the count for the audience is published and not stored
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
        Ok((questions, arrivals))
    }

    /// Waits until all have voted and all screens show the tally.
    async fn await_vote_result(&self, recorder: &LoadRecorder, slide: &str, people: usize) -> QuestionResult {
        recorder
            .wait_until(self.vote_within + RESPONSE_TIMEOUT, |recorder| {
                votes_cast(recorder, slide) >= people as u64
            })
            .await;
        recorder
            .wait_until(RESPONSE_TIMEOUT, |recorder| {
                recorder.with_votes(slide, |votes| votes.is_exact()) == Some(true)
            })
            .await;
        let votes = recorder.with_votes(slide, |votes| votes.votes()).unwrap_or_default();
        let shows_tally = |screen: &AudienceScreen| matches!(screen.tallies.get(slide), Some(Some(shown)) if shown.votes == votes);
        recorder.wait_until(RESPONSE_TIMEOUT, |recorder| recorder.count_screens(shows_tally) >= people).await;
        recorder.record_tally_latencies(slide);
        let (exact, shown) = recorder
            .with_votes(slide, |votes| {
                (votes.is_exact(), votes.shown.as_ref().map(|shown| shown.votes.clone()))
            })
            .unwrap_or_default();
        let cast = votes.values().sum::<u64>();
        self.print_progress(&format!("{cast} votes, {}", if exact { "exact" } else { "WRONG" }));
        QuestionResult {
            slide_id: slide.to_owned(),
            shown: shown.unwrap_or_default(),
            exact: exact && cast == people as u64,
            reported: None,
            screens_behind: people.saturating_sub(recorder.count_screens(shows_tally)),
            cast: votes,
        }
    }

    fn report(
        &self,
        recorder: &LoadRecorder,
        questions: Vec<QuestionResult>,
        arrivals: &ArrivalStats,
    ) -> TalkReport {
        TalkReport {
            machine: MachineInfo::current(),
            url: self.url.clone(),
            audience: self.audience as usize,
            joined: arrivals.people,
            joined_per_second: to_f64(arrivals.people) / arrivals.seconds,
            read: recorder.read.summary(),
            write: recorder.write.summary(),
            join: recorder.join.summary(),
            connect: recorder.connect.summary(),
            welcome: recorder.welcome.summary(),
            vote_to_presenter: recorder.vote.summary(),
            slide_to_screen: recorder.slide.summary(),
            last_vote_to_screen: recorder.tally.summary(),
            comeback: recorder.comeback.summary(),
            votes_cast: questions.iter().flat_map(|question| question.cast.values()).sum(),
            posts_received: recorder.frames(),
            errors: recorder.errors(),
            unexpected_errors: recorder.unexpected_errors(),
            questions,
        }
    }

    #[expect(clippy::print_stderr, reason = "a rehearsal takes a minute, and its user needs to see progress")]
    fn print_progress(&self, what: &str) {
        if !self.json {
            eprintln!("{what}");
        }
    }
}

/// The participants that arrived, and the time it took.
struct ArrivalStats {
    people: usize,
    seconds: f64,
}

fn votes_cast(recorder: &LoadRecorder, slide: &str) -> u64 {
    recorder.with_votes(slide, |votes| votes.votes().values().sum()).unwrap_or_default()
}

/// An audience has at most 50,000 participants.
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
