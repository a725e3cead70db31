use std::collections::BTreeMap;

use entry::App;
use jiff::Timestamp;
use model::{
    Error, ParticipantId, Room, SessionId,
    leaderboard::{self, Score},
    slide::{Content, SlideType},
};
use protocol::{Event, event::LeaderboardUpdated, job::RankQuiz};
use store::{
    Freshness, Written,
    responses::{self, Response},
    sessions::{self, Leaderboard, Session},
    shown,
};

use super::count_votes::counts;
use crate::leaderboard::told;

/// Participants that are ranked: 2,000 entries are some 250 KB, and an item holds 400.
const RANKED: usize = 2_000;
/// Entries that everyone is told; GET has more.
const TOLD: usize = 10;

/// Computes who leads in the quizzes whose results were shown: by query, so that it is exact however often it runs. As dear
/// as they were answered, so it runs when results are shown and not by vote.
pub async fn run(app: &App, job: &RankQuiz) -> Result<(), Error> {
    let now = app.clock.now();
    let as_of = app.clock.millis();
    let found = sessions::get(&app.store, job.session, Freshness::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    let ranked = leaderboard::top(scores(app, &session, now).await?, RANKED);
    let kept = Leaderboard { session: session.id, ranked, as_of };
    if sessions::keep_leaderboard(&app.store, &kept).await? == Written::Refused {
        return Ok(());
    }
    tell(app, session.id, &kept, Room::Session(session.id), false, now).await?;
    // the presenter's last: it says more
    tell(app, session.id, &kept, Room::Presenter(session.id), true, now).await
}

async fn tell(
    app: &App,
    session_id: SessionId,
    kept: &Leaderboard,
    room: Room,
    named: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let updated = LeaderboardUpdated {
        session_id,
        entries: kept.ranked.iter().take(TOLD).map(|entry| told(entry, named)).collect(),
        total: kept.ranked.len(),
        as_of: Timestamp::from_millisecond(kept.as_of).unwrap_or_default(),
    };
    app.rooms.publish(room, Event::LeaderboardUpdated(updated), now).await
}

/// The points of everyone who has any. The speed of an answer counts from when its slide was shown first; where participants
/// turn the slides, from the start.
pub async fn scores(app: &App, session: &Session, now: Timestamp) -> Result<Vec<Score>, Error> {
    let mut scores = Scores::new();
    let quizzes = shown::list(&app.store, session.id, now).await?;
    let revealed = quizzes.into_iter().filter(|shown| {
        shown.content.kind() == SlideType::Quiz && session.shows_results(shown.slide, &shown.content)
    });
    for quiz in revealed {
        let from = quiz.first_at.as_millisecond().max(session.counts_from(quiz.slide));
        let answers = responses::of_slide(&app.store, session.id, quiz.slide, now).await?;
        let counted = answers.iter().filter(|answer| counts(session, answer));
        earn(&mut scores, session, &quiz.content, from, counted);
    }
    Ok(scores.into_values().collect())
}

pub type Scores = BTreeMap<ParticipantId, Score>;

/// What one answer to a quiz earns: nothing, once what is right was shown.
pub fn points(session: &Session, quiz: &Content, from: i64, answer: &Response) -> u32 {
    if session.is_unaided(answer.slide, answer.received) {
        quiz.points(&answer.answer, answer.received - from)
    } else {
        0
    }
}

/// Adds what answers to one quiz earn; `from` is what their speed counts from, in milliseconds since 1970.
pub fn earn<'a>(
    scores: &mut Scores,
    session: &Session,
    quiz: &Content,
    from: i64,
    answers: impl IntoIterator<Item = &'a Response>,
) {
    for answer in answers {
        let points = points(session, quiz, from, answer);
        if points == 0 {
            continue;
        }
        let score = scores.entry(answer.participant).or_insert_with(|| Score {
            participant: answer.participant,
            display_name: None,
            points: 0,
        });
        score.points += u64::from(points);
        score.display_name = answer.display_name.clone().or(score.display_name.take());
    }
}
