use std::collections::BTreeMap;

use entry::App;
use jiff::Timestamp;
use model::{
    Error, ParticipantId, Room, SessionId,
    leaderboard::{self, LeaderboardEntry, ParticipantScore},
    slide::{SlideContent, SlideType},
};
use protocol::{Event, event::LeaderboardUpdated, job::RankQuiz};
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{
        self, LeaderboardSnapshot, Session,
        responses::{self, SlideResponse},
    },
};

use super::count_votes::is_counted;
use crate::{
    leaderboard::visible_entry,
    report::slides::{self, ReportedSlide},
};

/// Participants that are ranked.
const MAX_RANKED: usize = 2_000;
/// Characters of a name that are kept.
const MAX_NAME_CHARS: usize = 40;
/// Bytes of all entries: an item holds 400 KB.
const MAX_ITEM_BYTES: usize = 350_000;
/// Bytes of an entry without its name.
const ENTRY_BYTES: usize = 110;
/// Entries that everyone is told; GET has more.
const MAX_PUBLISHED_ENTRIES: usize = 10;

/// Computes who leads in the quizzes whose results were shown: by query, so that it is exact however often it runs. As dear
/// as they were answered, so it runs when results are shown and not by vote.
pub async fn run(app: &App, job: &RankQuiz) -> Result<(), Error> {
    let now = app.clock.now();
    let as_of = app.clock.millis();
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    let revealed = revealed_quizzes(app, &session, now).await?;
    if revealed.is_empty() && sessions::get_leaderboard(&app.store, session.id, now).await?.is_none() {
        return Ok(());
    }
    let ranked = leaderboard::rank_scores(compute_scores(app, &session, &revealed, now).await?, MAX_RANKED);
    let ranked = fit_into_item(ranked);
    let kept = LeaderboardSnapshot { session: session.id, ranked, as_of };
    if sessions::save_leaderboard(&app.store, &kept).await? == WriteOutcome::ConditionFailed {
        return Ok(());
    }
    publish_leaderboard(app, session.id, &kept, Room::Session(session.id), false, now).await?;
    // the presenter's last: it says more
    publish_leaderboard(app, session.id, &kept, Room::Presenter(session.id), true, now).await
}

async fn publish_leaderboard(
    app: &App,
    session_id: SessionId,
    kept: &LeaderboardSnapshot,
    room: Room,
    named: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let updated = LeaderboardUpdated {
        session_id,
        entries: kept
            .ranked
            .iter()
            .take(MAX_PUBLISHED_ENTRIES)
            .map(|entry| visible_entry(entry, named))
            .collect(),
        total: kept.ranked.len(),
        as_of: Timestamp::from_millisecond(kept.as_of).unwrap_or_default(),
    };
    app.realtime.publish(room, Event::LeaderboardUpdated(updated), now).await
}

/// The quizzes whose results are shown, as they were shown; as they are where that was not kept.
async fn revealed_quizzes(app: &App, session: &Session, now: Timestamp) -> Result<Vec<ReportedSlide>, Error> {
    let mut told = slides::reported_slides(app, session, now).await?;
    told.retain(|told| {
        told.content.kind() == SlideType::Quiz && session.shows_results(told.id, &told.content)
    });
    Ok(told)
}

/// The best of them, with names cut to what an item holds.
fn fit_into_item(ranked: Vec<LeaderboardEntry>) -> Vec<LeaderboardEntry> {
    let mut bytes = 0;
    let cut = |entry: LeaderboardEntry| LeaderboardEntry {
        display_name: entry.display_name.map(|name| name.chars().take(MAX_NAME_CHARS).collect()),
        ..entry
    };
    let fits = |entry: &LeaderboardEntry| {
        bytes += ENTRY_BYTES + entry.display_name.as_ref().map_or(0, String::len);
        bytes <= MAX_ITEM_BYTES
    };
    ranked.into_iter().map(cut).take_while(fits).collect()
}

/// The points of everyone who has any. The speed of an answer counts from when its slide was shown first; where participants
/// turn the slides, from the start.
async fn compute_scores(
    app: &App,
    session: &Session,
    revealed: &[ReportedSlide],
    now: Timestamp,
) -> Result<Vec<ParticipantScore>, Error> {
    let mut scores = QuizScores::new();
    for quiz in revealed {
        let first_at = quiz.first_at.map_or(0, Timestamp::as_millisecond);
        let from = first_at.max(session.counts_from(quiz.id));
        let answers = responses::list_by_slide(&app.store, session.id, quiz.id, now).await?;
        let counted = answers.iter().filter(|answer| is_counted(session, answer));
        add_points(&mut scores, session, &quiz.content, from, counted);
    }
    Ok(scores.into_values().collect())
}

pub type QuizScores = BTreeMap<ParticipantId, ParticipantScore>;

/// What one answer to a quiz earns: nothing, once what is right was shown.
pub fn points_earned(session: &Session, quiz: &SlideContent, from: i64, answer: &SlideResponse) -> u32 {
    if session.is_before_reveal(answer.slide, answer.received) {
        quiz.points(&answer.answer, answer.received - from)
    } else {
        0
    }
}

/// Adds what answers to one quiz earn; `from` is what their speed counts from, in milliseconds since 1970.
pub fn add_points<'a>(
    scores: &mut QuizScores,
    session: &Session,
    quiz: &SlideContent,
    from: i64,
    answers: impl IntoIterator<Item = &'a SlideResponse>,
) {
    for answer in answers {
        let points = points_earned(session, quiz, from, answer);
        if points == 0 {
            continue;
        }
        let score = scores.entry(answer.participant).or_insert_with(|| ParticipantScore {
            participant: answer.participant,
            display_name: None,
            points: 0,
        });
        score.points += u64::from(points);
        score.display_name = answer.display_name.clone().or(score.display_name.take());
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_longest_names_fit_into_an_item() {
        let entry = |rank: u64| LeaderboardEntry {
            rank,
            participant_id: Uuid::from_u128(rank.into()).into(),
            display_name: Some("🪶".repeat(100)),
            points: 1_000,
        };
        let kept = fit_into_item((1..=2_000).map(entry).collect());
        assert_eq!(kept[0].display_name.as_deref(), Some("🪶".repeat(MAX_NAME_CHARS).as_str()));
        let bytes = serde_json::to_vec(&kept).unwrap().len();
        assert!((1_000..2_000).contains(&kept.len()) && bytes < 400_000, "{} of {bytes}", kept.len());
        let ascii = |rank| LeaderboardEntry { display_name: Some("x".repeat(50)), ..entry(rank) };
        assert_eq!(fit_into_item((1..=2_000).map(ascii).collect()).len(), 2_000);
    }
}
