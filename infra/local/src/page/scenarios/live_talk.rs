//! The cost of a live talk, by the current code.

use std::fs;

use model::tick::{TICK_MS, Tick};

use super::{OperationCosts, ResourceUse, ScenarioParts, assumed, query_units, repository, total_use};

/// A larger room is published to in shards (`realtime::publish`).
const MAX_DIRECT_CONNECTIONS: f64 = 100.0;
const ROOM_SHARDS: f64 = 16.0;
/// New answers that the presenter receives per tick, and how long an answer counts as new (`count_votes`).
const ANSWERS_PER_TICK: f64 = 100.0;
const NEW_ANSWER_MS: f64 = 370.0;
/// An instance caches the session for half a second.
const SESSION_READS_PER_SECOND: f64 = 2.0;

#[derive(Clone, Copy)]
pub(super) struct TalkScenario {
    pub(super) audience: f64,
    pub(super) questions: f64,
    pub(super) minutes: f64,
    /// Seconds in which the audience arrives.
    pub(super) arrival: f64,
    /// Seconds in which all participants answer a question.
    pub(super) voting: f64,
    /// Seconds between two pings of a client.
    pub(super) heartbeat: f64,
}

impl TalkScenario {
    pub(super) fn one_hour() -> Self {
        Self {
            audience: 1_000.0,
            questions: 10.0,
            minutes: 60.0,
            arrival: 300.0,
            voting: 30.0,
            heartbeat: 30.0,
        }
    }

    pub(super) fn talk_parts(&self, costs: &OperationCosts) -> ScenarioParts {
        let audience = self.audience;
        let pings = audience * (self.minutes * 60.0 / self.heartbeat).floor();
        let once = ResourceUse::default;
        vec![
            ("preparation and start by the presenter", self.preparation(costs)),
            ("lookups by code and joins", self.joining(costs)),
            ("connects with the session state", self.connecting(costs)),
            ("participant counts during arrival", self.presence_while_arriving()),
            ("votes", self.voting(costs)),
            ("vote counts and tallies", self.counting()),
            ("slide changes", self.showing_slides(costs)),
            ("session checks, every minute", self.session_checks()),
            ("pings", ResourceUse::socket_message(costs.units_of("ping")).with_posts(1.0).times(pings)),
            ("end with two events for everyone, and disconnects", self.ending(costs)),
            ("connection minutes of an hour", ResourceUse { minutes: audience * self.minutes, ..once() }),
        ]
    }

    fn preparation(&self, costs: &OperationCosts) -> ResourceUse {
        let http = |operation| ResourceUse::http_request(assumed::HTTP_MS, costs.units_of(operation));
        ResourceUse::http_request(assumed::PASSWORD_MS, costs.units_of("log in"))
            .plus(http("create a presentation"))
            .plus(http("append a slide").times(self.questions))
            .plus(http("create a session"))
            .plus(http("a presenter's ticket"))
            .plus(
                ResourceUse::default()
                    .with_invocation(assumed::CONNECT_MS)
                    .with_cost(costs.units_of("connect as presenter")),
            )
            .plus(http("start a session"))
            .plus(publish_to_all(self.audience))
    }

    fn joining(&self, costs: &OperationCosts) -> ResourceUse {
        let found = ResourceUse::http_request(assumed::HTTP_MS, costs.units_of("find a session by its code"));
        found
            .plus(ResourceUse::http_request(assumed::HTTP_MS, costs.units_of("join by code")))
            .times(self.audience)
    }

    /// Each `$connect` requests a count. The session state reads the session, the participant's own rows, and the room
    /// up to the largest directly counted size.
    fn connecting(&self, costs: &OperationCosts) -> ResourceUse {
        let opened = ResourceUse { fifo: 1.0, ..ResourceUse::default() };
        let opened =
            opened.with_invocation(assumed::CONNECT_MS).with_cost(costs.units_of("connect as participant"));
        let room = query_units(self.audience.min(MAX_DIRECT_CONNECTIONS + 1.0));
        // two posts in sequence: the state, then the presenter's event about the new participant
        let session_state = ResourceUse::queue_job(assumed::JOB_MS)
            .with_units(7.5 + room, 0.0)
            .with_posts(1.0)
            .with_posts(1.0);
        opened.plus(session_state).times(self.audience)
    }

    /// The presenter receives a count in every tick with an arrival, the audience at the rate for its size.
    fn presence_while_arriving(&self) -> ResourceUse {
        let ticks = (self.arrival * ticks_per_second()).ceil();
        let mut all = ResourceUse::default();
        let mut present = 0.0;
        let mut published_at = None;
        let mut tick = 0;
        while f64::from(tick) < ticks {
            tick += 1;
            let now = (self.audience * f64::from(tick) / ticks).floor();
            if now <= present {
                continue;
            }
            present = now;
            all = all.plus(presence_count(present));
            let due = audience_tick(tick, present);
            if published_at != Some(due) {
                published_at = Some(due);
                all = all.plus(presence_published(present));
            }
        }
        all
    }

    /// Each vote is one write. It is also one read if the instance has not seen the connection in the last minute,
    /// which is always true between two questions.
    fn voting(&self, costs: &OperationCosts) -> ResourceUse {
        let audience = self.audience;
        let votes = ResourceUse::socket_message(costs.units_of("vote")).with_units(1.0, 0.0).times(audience);
        let first = costs.units_of("vote, the first of a session on an instance").read - 1.0;
        let instances = (audience / self.voting * assumed::MESSAGE_MS / 1_000.0).ceil();
        let session_reads = ResourceUse::default()
            .with_units(first, 0.0)
            .times(self.voting * SESSION_READS_PER_SECOND * instances);
        // the first vote of a tick in each instance requests a count, whose job is part of `counting`
        let count_requests =
            ResourceUse { fifo: self.ticks_of_a_vote() * (instances - 1.0), ..ResourceUse::default() };
        votes.plus(session_reads).plus(count_requests).times(self.questions)
    }

    fn ticks_of_a_vote(&self) -> f64 {
        (self.voting * ticks_per_second()).min(self.audience)
    }

    fn counting(&self) -> ResourceUse {
        let audience = self.audience;
        let ticks = self.ticks_of_a_vote();
        let period = audience_period_ms(audience);
        let mut all = ResourceUse::default();
        let mut tick = 0;
        while f64::from(tick) < ticks {
            tick += 1;
            let stored = audience * f64::from(tick) / ticks;
            let news = (audience / ticks * NEW_ANSWER_MS / millis(TICK_MS)).min(ANSWERS_PER_TICK);
            let waits = millis(TICK_MS) / 2.0;
            all = all.plus(
                ResourceUse::count_job(waits)
                    .with_units(count_units(stored) + 4.0, 1.0)
                    .with_posts(1.0)
                    .with_posts(news),
            );
        }
        let shown = ResourceUse::count_job(period)
            .with_units(count_units(audience / 2.0) + 4.0, 0.0)
            .plus(publish_to_all(audience));
        // wherever it starts, the vote touches one more period than fit into it
        let times = self.voting * 1_000.0 / period + 1.0;
        all.plus(shown.times(times)).times(self.questions)
    }

    /// A slide appears, and the final count of the previous slide is published to everyone.
    fn showing_slides(&self, costs: &OperationCosts) -> ResourceUse {
        let audience = self.audience;
        let slide_change = ResourceUse::http_request(assumed::HTTP_MS, costs.units_of("show a slide"))
            .plus(publish_to_all(audience));
        slide_change.times(self.questions - 1.0).plus(final_count(audience).times(self.questions))
    }

    /// `check_session` counts votes and presence, and publishes both.
    fn session_checks(&self) -> ResourceUse {
        let audience = self.audience;
        let checked = ResourceUse::queue_job(assumed::JOB_MS).with_units(1.5, 1.0);
        let presence = presence_count(audience).plus(presence_published(audience));
        checked.plus(final_count(audience)).plus(presence).times(self.minutes)
    }

    fn ending(&self, costs: &OperationCosts) -> ResourceUse {
        let audience = self.audience;
        let closed = ResourceUse::queue_job(assumed::JOB_MS)
            .with_units(query_units(audience), 0.0)
            .with_posts(audience)
            .with_posts(0.0);
        // and a DELETE to each connection
        let deleted = ResourceUse {
            gb_seconds: ResourceUse::default().with_posts(audience).gb_seconds,
            ..ResourceUse::default()
        };
        let left = ResourceUse { fifo: 1.0, ..ResourceUse::default() };
        let left =
            left.with_invocation(assumed::CONNECT_MS).with_cost(costs.units_of("disconnect as participant"));
        ResourceUse::http_request(assumed::HTTP_MS, costs.units_of("end a session"))
            .plus(publish_to_all(audience))
            .plus(closed)
            .plus(deleted)
            .plus(left.times(audience))
    }
}

/// Publishes one event to a room of this size and to the presenter.
fn publish_to_all(audience: f64) -> ResourceUse {
    let all = audience + 1.0;
    let room_query =
        ResourceUse::default().with_units(query_units(all.min(MAX_DIRECT_CONNECTIONS + 1.0)), 0.0);
    if all <= MAX_DIRECT_CONNECTIONS {
        return room_query.with_posts(all);
    }
    let shard = all / ROOM_SHARDS;
    room_query.plus(
        ResourceUse::queue_job(assumed::JOB_MS)
            .with_units(query_units(shard), 0.0)
            .with_posts(shard)
            .times(ROOM_SHARDS),
    )
}

fn presence_count(present: f64) -> ResourceUse {
    ResourceUse::count_job(millis(TICK_MS) / 2.0).with_units(query_units(present) + 2.0, 1.0).with_posts(1.0)
}

fn presence_published(present: f64) -> ResourceUse {
    ResourceUse::count_job(audience_period_ms(present))
        .with_units(query_units(present), 0.0)
        .plus(publish_to_all(present))
}

fn final_count(audience: f64) -> ResourceUse {
    let presenter = ResourceUse::count_job(millis(TICK_MS) / 2.0)
        .with_units(count_units(audience) + 4.0, 1.0)
        .with_posts(1.0);
    presenter
        .plus(ResourceUse::count_job(millis(TICK_MS) / 2.0).with_units(count_units(audience) + 4.0, 0.0))
        .plus(publish_to_all(audience))
}

/// Read units of a count over four shards.
fn count_units(answers: f64) -> f64 {
    4.0 * query_units(answers / 4.0)
}

fn ticks_per_second() -> f64 {
    1_000.0 / millis(TICK_MS)
}

fn millis(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "people are few and whole")]
fn audience_tick(tick: i32, people: f64) -> i64 {
    Tick(tick.into()).next_for_audience(people as usize).0
}

/// Milliseconds between two updates for an audience of this size.
fn audience_period_ms(people: f64) -> f64 {
    let first = audience_tick(0, people);
    millis((first + 1) * TICK_MS)
}

/// The model counts about as many posts as `load talk --audience 1000 --vote-within 2s` measured against the local
/// cloud (`infra/FIGURES.md`).
#[test]
fn the_model_counts_the_measured_posts() {
    let figures = fs::read_to_string(repository().join("infra/FIGURES.md")).unwrap();
    let (before, _) = figures.split_once(" posts").unwrap();
    let measured: f64 = before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap();
    let rehearsal =
        TalkScenario { questions: 3.0, minutes: 0.5, arrival: 6.7, voting: 2.0, ..TalkScenario::one_hour() };
    let mut parts = rehearsal.talk_parts(&OperationCosts::from_costs_md());
    // the rehearsal took less than a minute, and its audience left at the first end event
    parts.retain(|(what, _)| !what.starts_with("session checks"));
    let posts = total_use(&parts).posts - rehearsal.audience;
    assert!((posts / measured - 1.0).abs() < 0.15, "modelled {posts}, measured {measured}");
}
