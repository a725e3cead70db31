//! A talk, as the functions of today play it.

use std::fs;

use model::tick::{TICK_MS, Tick};

use super::{OperationCosts, ResourceUse, ScenarioParts, assumed, read_of, repository, total};

/// Above so many a room is told in shards (`rooms::publish`).
const MAX_DIRECT_CONNECTIONS: f64 = 100.0;
const ROOM_SHARDS: f64 = 16.0;
/// Single answers that a presenter is shown per tick, and for how long one is news (`count_votes`).
const ANSWERS_PER_TICK: f64 = 100.0;
const NEW_ANSWER_MS: f64 = 370.0;
/// An instance remembers the session for half a second.
const SESSION_READS_PER_SECOND: f64 = 2.0;

#[derive(Clone, Copy)]
pub(super) struct TalkScenario {
    pub(super) audience: f64,
    pub(super) questions: f64,
    pub(super) minutes: f64,
    /// Seconds over which they come.
    pub(super) arrival: f64,
    /// Seconds within which all have answered a question.
    pub(super) voting: f64,
    /// Seconds between two pings of one client.
    pub(super) heartbeat: f64,
}

impl TalkScenario {
    pub(super) fn of_an_hour() -> Self {
        Self {
            audience: 1_000.0,
            questions: 10.0,
            minutes: 60.0,
            arrival: 300.0,
            voting: 30.0,
            heartbeat: 30.0,
        }
    }

    pub(super) fn parts(&self, costs: &OperationCosts) -> ScenarioParts {
        let n = self.audience;
        let pings = n * (self.minutes * 60.0 / self.heartbeat).floor();
        let once = ResourceUse::default;
        vec![
            ("prepared and begun by the presenter", self.preparation(costs)),
            ("found by its code and joined", self.joining(costs)),
            ("connected and greeted", self.connecting(costs)),
            ("told how many are here, while they come", self.presence_while_arriving()),
            ("voted", self.voting(costs)),
            ("votes counted and shown", self.counting()),
            ("slides shown", self.showing_slides(costs)),
            ("looked after, every minute", self.session_checks()),
            ("pinged", ResourceUse::message(costs.of("ping")).post(1.0).times(pings)),
            ("ended, everyone told twice and gone", self.ending(costs)),
            ("connected for an hour", ResourceUse { minutes: n * self.minutes, ..once() }),
        ]
    }

    fn preparation(&self, costs: &OperationCosts) -> ResourceUse {
        let http = |operation| ResourceUse::http(assumed::HTTP_MS, costs.of(operation));
        ResourceUse::http(assumed::PASSWORD_MS, costs.of("log in"))
            .and(http("create a presentation"))
            .and(http("append a slide").times(self.questions))
            .and(http("create a session"))
            .and(http("a presenter's ticket"))
            .and(ResourceUse::default().run(assumed::CONNECT_MS).costs(costs.of("connect as presenter")))
            .and(http("start a session"))
            .and(publish_to_all(self.audience))
    }

    fn joining(&self, costs: &OperationCosts) -> ResourceUse {
        let found = ResourceUse::http(assumed::HTTP_MS, costs.of("find a session by its code"));
        found.and(ResourceUse::http(assumed::HTTP_MS, costs.of("join by code"))).times(self.audience)
    }

    /// `$connect` asks for a count by every one; the greeting reads the session, what is the person's own, and the room
    /// up to what it counts by itself.
    fn connecting(&self, costs: &OperationCosts) -> ResourceUse {
        let opened = ResourceUse { fifo: 1.0, ..ResourceUse::default() };
        let opened = opened.run(assumed::CONNECT_MS).costs(costs.of("connect as participant"));
        let room = read_of(self.audience.min(MAX_DIRECT_CONNECTIONS + 1.0));
        // posted one after the other: the state, then the presenter's news of who has come
        let greeted = ResourceUse::job(assumed::JOB_MS).units(7.5 + room, 0.0).post(1.0).post(1.0);
        opened.and(greeted).times(self.audience)
    }

    /// The presenter is told every tick in which somebody came, everyone at the pace of their number.
    fn presence_while_arriving(&self) -> ResourceUse {
        let ticks = (self.arrival * ticks_per_second()).ceil();
        let (mut all, mut here, mut told_at) = (ResourceUse::default(), 0.0, None);
        let mut tick = 0;
        while f64::from(tick) < ticks {
            tick += 1;
            let now = (self.audience * f64::from(tick) / ticks).floor();
            if now <= here {
                continue;
            }
            here = now;
            all = all.and(presence_count(here));
            let due = audience_tick(tick, here);
            if told_at != Some(due) {
                told_at = Some(due);
                all = all.and(presence_published(here));
            }
        }
        all
    }

    /// One write each, and one read where the instance has not met the connection in the last minute: between two
    /// questions that is always so.
    fn voting(&self, costs: &OperationCosts) -> ResourceUse {
        let n = self.audience;
        let met = ResourceUse::message(costs.of("vote")).units(1.0, 0.0).times(n);
        let first = costs.of("vote, the first that an instance sees of a session").read - 1.0;
        let instances = (n / self.voting * assumed::MESSAGE_MS / 1_000.0).ceil();
        let fresh = ResourceUse::default()
            .units(first, 0.0)
            .times(self.voting * SESSION_READS_PER_SECOND * instances);
        // the first of a tick and instance asks for a count; the job of it is in `counted`
        let asked =
            ResourceUse { fifo: self.ticks_of_a_vote() * (instances - 1.0), ..ResourceUse::default() };
        met.and(fresh).and(asked).times(self.questions)
    }

    fn ticks_of_a_vote(&self) -> f64 {
        (self.voting * ticks_per_second()).min(self.audience)
    }

    fn counting(&self) -> ResourceUse {
        let (n, ticks) = (self.audience, self.ticks_of_a_vote());
        let period = audience_period_ms(n);
        let mut all = ResourceUse::default();
        let mut tick = 0;
        while f64::from(tick) < ticks {
            tick += 1;
            let lie_there = n * f64::from(tick) / ticks;
            let news = (n / ticks * NEW_ANSWER_MS / millis(TICK_MS)).min(ANSWERS_PER_TICK);
            let waits = millis(TICK_MS) / 2.0;
            all = all
                .and(ResourceUse::count(waits).units(count_units(lie_there) + 4.0, 1.0).post(1.0).post(news));
        }
        let shown = ResourceUse::count(period).units(count_units(n / 2.0) + 4.0, 0.0).and(publish_to_all(n));
        // wherever they begin, so long a time touches one period more
        let times = self.voting * 1_000.0 / period + 1.0;
        all.and(shown.times(times)).times(self.questions)
    }

    /// A slide appears, and the last word on the one before is counted for everyone.
    fn showing_slides(&self, costs: &OperationCosts) -> ResourceUse {
        let n = self.audience;
        let turned = ResourceUse::http(assumed::HTTP_MS, costs.of("show a slide")).and(publish_to_all(n));
        turned.times(self.questions - 1.0).and(final_count(n).times(self.questions))
    }

    /// `check_session` has votes and presence counted, and whoever counts tells.
    fn session_checks(&self) -> ResourceUse {
        let n = self.audience;
        let checked = ResourceUse::job(assumed::JOB_MS).units(1.0, 1.0);
        let presence = presence_count(n).and(presence_published(n));
        checked.and(final_count(n)).and(presence).times(self.minutes)
    }

    fn ending(&self, costs: &OperationCosts) -> ResourceUse {
        let n = self.audience;
        let closed = ResourceUse::job(assumed::JOB_MS).units(read_of(n), 0.0).post(n).post(0.0);
        // and a DELETE to each
        let deleted =
            ResourceUse { gb_seconds: ResourceUse::default().post(n).gb_seconds, ..ResourceUse::default() };
        let left = ResourceUse { fifo: 1.0, ..ResourceUse::default() };
        let left = left.run(assumed::CONNECT_MS).costs(costs.of("disconnect as participant"));
        ResourceUse::http(assumed::HTTP_MS, costs.of("end a session"))
            .and(publish_to_all(n))
            .and(closed)
            .and(deleted)
            .and(left.times(n))
    }
}

/// A room of so many, and the presenter, is told one thing.
fn publish_to_all(audience: f64) -> ResourceUse {
    let all = audience + 1.0;
    let looked = ResourceUse::default().units(read_of(all.min(MAX_DIRECT_CONNECTIONS + 1.0)), 0.0);
    if all <= MAX_DIRECT_CONNECTIONS {
        return looked.post(all);
    }
    let shard = all / ROOM_SHARDS;
    looked.and(ResourceUse::job(assumed::JOB_MS).units(read_of(shard), 0.0).post(shard).times(ROOM_SHARDS))
}

fn presence_count(here: f64) -> ResourceUse {
    ResourceUse::count(millis(TICK_MS) / 2.0).units(read_of(here) + 2.0, 1.0).post(1.0)
}

fn presence_published(here: f64) -> ResourceUse {
    ResourceUse::count(audience_period_ms(here)).units(read_of(here), 0.0).and(publish_to_all(here))
}

fn final_count(audience: f64) -> ResourceUse {
    let presenter =
        ResourceUse::count(millis(TICK_MS) / 2.0).units(count_units(audience) + 4.0, 1.0).post(1.0);
    presenter
        .and(ResourceUse::count(millis(TICK_MS) / 2.0).units(count_units(audience) + 4.0, 0.0))
        .and(publish_to_all(audience))
}

/// Read units of a count: four shards.
fn count_units(answers: f64) -> f64 {
    4.0 * read_of(answers / 4.0)
}

fn ticks_per_second() -> f64 {
    1_000.0 / millis(TICK_MS)
}

fn millis(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "people are few and whole")]
fn audience_tick(tick: i32, people: f64) -> i64 {
    Tick(tick.into()).for_audience(people as usize).0
}

/// How far two updates of an audience of this size lie apart.
fn audience_period_ms(people: f64) -> f64 {
    let first = audience_tick(0, people);
    millis((first + 1) * TICK_MS)
}

/// `load talk --audience 1000 --vote-within 2s`, whose posts `infra/FIGURES.md` has from the local cloud: the model counts
/// about as many.
#[test]
fn the_model_counts_the_measured_posts() {
    let figures = fs::read_to_string(repository().join("infra/FIGURES.md")).unwrap();
    let (before, _) = figures.split_once(" posts").unwrap();
    let measured: f64 = before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap();
    let rehearsal = TalkScenario {
        questions: 3.0,
        minutes: 0.5,
        arrival: 6.7,
        voting: 2.0,
        ..TalkScenario::of_an_hour()
    };
    let mut parts = rehearsal.parts(&OperationCosts::read());
    // it was shorter than a minute, and its audience left after the first word of the end
    parts.retain(|(what, _)| !what.starts_with("looked after"));
    let posts = total(&parts).posts - rehearsal.audience;
    assert!((posts / measured - 1.0).abs() < 0.15, "modelled {posts}, measured {measured}");
}
