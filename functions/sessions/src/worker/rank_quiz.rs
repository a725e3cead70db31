use entry::App;
use jiff::Timestamp;
use model::{
    Error, Room, SessionId,
    leaderboard::{LeaderboardEntry, ParticipantScore, rank_scores},
    slide::SlideType,
};
use protocol::{Event, event::LeaderboardUpdated, job::RankQuiz};
use store::{
    ReadConsistency, WriteOutcome,
    sessions::{self, LeaderboardSnapshot, Session, responses},
};

use crate::{
    participants::get_leaderboard::visible_entry,
    report::reported_slides::{ReportedSlide, reported_slides},
    votes::{
        counted_responses::is_counted,
        quiz_points::{QuizScores, add_points},
    },
};

/// Participants that are ranked.
const MAX_RANKED: usize = 2_000;
/// Characters of a name that are stored.
const MAX_NAME_CHARS: usize = 40;
/// Bytes of all entries. An item of DynamoDB holds 400 KB.
const MAX_ITEM_BYTES: usize = 350_000;
/// Bytes of an entry without its name.
const ENTRY_BYTES: usize = 110;
/// Entries of the event. GET returns more.
const MAX_PUBLISHED_ENTRIES: usize = 10;

/// Ranks the participants by their points in the quizzes whose results were shown, and publishes the leaderboard. It
/// reads the answers by a query, so the ranking is exact however often it runs. Its cost grows with the answers, so it
/// runs when results are shown and not with every vote.
///
/// # Errors
/// Fails if the answers cannot be read, or if the leaderboard can neither be stored nor published.
pub async fn run(app: &App, job: &RankQuiz) -> Result<(), Error> {
    let now = app.clock.now();
    let as_of = app.clock.millis();
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    let revealed = revealed_quizzes(app, &session, now).await?;
    if revealed.is_empty() && sessions::get_leaderboard(&app.store, session.id, now).await?.is_none() {
        return Ok(());
    }
    let ranked = rank_scores(compute_scores(app, &session, &revealed, now).await?, MAX_RANKED);
    let ranked = fit_into_item(ranked);
    let leaderboard = LeaderboardSnapshot { session: session.id, ranked, as_of };
    if sessions::save_leaderboard(&app.store, &leaderboard).await? == WriteOutcome::ConditionFailed {
        return Ok(());
    }
    publish_leaderboard(app, session.id, &leaderboard, Room::Session(session.id), false, now).await?;
    // the presenter's event comes last, because it has the names
    publish_leaderboard(app, session.id, &leaderboard, Room::Presenter(session.id), true, now).await
}

async fn publish_leaderboard(
    app: &App,
    session_id: SessionId,
    leaderboard: &LeaderboardSnapshot,
    room: Room,
    named: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let updated = LeaderboardUpdated {
        session_id,
        entries: leaderboard
            .ranked
            .iter()
            .take(MAX_PUBLISHED_ENTRIES)
            .map(|entry| visible_entry(entry, named))
            .collect(),
        total: leaderboard.ranked.len(),
        as_of: Timestamp::from_millisecond(leaderboard.as_of).unwrap_or_default(),
    };
    app.realtime.publish(room, Event::LeaderboardUpdated(updated), now).await
}

/// Returns the quizzes whose results are shown, with their content as it was shown.
async fn revealed_quizzes(app: &App, session: &Session, now: Timestamp) -> Result<Vec<ReportedSlide>, Error> {
    let mut slides = reported_slides(app, session, now).await?;
    slides.retain(|slide| {
        slide.content.kind() == SlideType::Quiz && session.shows_results(slide.id, &slide.content)
    });
    Ok(slides)
}

/// Returns as many of the best entries as fit into an item, with shortened names.
fn fit_into_item(ranked: Vec<LeaderboardEntry>) -> Vec<LeaderboardEntry> {
    let mut bytes = 0;
    let shorten_name = |entry: LeaderboardEntry| LeaderboardEntry {
        display_name: entry.display_name.map(|name| name.chars().take(MAX_NAME_CHARS).collect()),
        ..entry
    };
    let fits = |entry: &LeaderboardEntry| {
        bytes += ENTRY_BYTES + entry.display_name.as_ref().map_or(0, String::len);
        bytes <= MAX_ITEM_BYTES
    };
    ranked.into_iter().map(shorten_name).take_while(fits).collect()
}

/// Returns the points of every participant who has points. The speed of an answer counts from the first showing of its
/// slide, in a self-paced session from the start.
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
