//! Computes what the answers to a quiz earn.

use std::collections::BTreeMap;

use model::{ParticipantId, leaderboard::ParticipantScore, slide::SlideContent};
use store::sessions::{Session, responses::SlideResponse};

/// The scores of the participants who have points.
pub type QuizScores = BTreeMap<ParticipantId, ParticipantScore>;

/// Returns the points of one answer to a quiz. An answer that was given after the correct answer was shown earns
/// nothing. Its speed counts from `from`, in milliseconds since 1970.
pub fn points_earned(session: &Session, quiz: &SlideContent, from: i64, answer: &SlideResponse) -> u32 {
    if session.is_before_reveal(answer.slide, answer.received) {
        quiz.points(&answer.answer, answer.received - from)
    } else {
        0
    }
}

/// Adds the points of the answers to one quiz. Their speed counts from `from`, in milliseconds since 1970.
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
