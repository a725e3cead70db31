//! The leaderboard of the quizzes of a session.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::ParticipantId;

/// A participant and the sum of their points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantScore {
    pub participant: ParticipantId,
    pub display_name: Option<String>,
    pub points: u64,
}

/// A line of the leaderboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LeaderboardEntry {
    /// The rank, from 1. Participants with equal points share a rank, and the following ranks are skipped, as in 1, 1,
    /// 3.
    pub rank: u64,
    pub participant_id: ParticipantId,
    /// The name of the participant, `null` if anonymous.
    pub display_name: Option<String>,
    pub points: u64,
}

/// Returns the first `limit` entries by points, then by name (anonymous participants last), then by id. The result does
/// not depend on the order of the input.
pub fn rank_scores(
    scores: impl IntoIterator<Item = ParticipantScore>,
    limit: usize,
) -> Vec<LeaderboardEntry> {
    let mut scores: Vec<ParticipantScore> = scores.into_iter().collect();
    scores.sort_by_cached_key(|score| {
        let name = score.display_name.as_deref().map(str::to_lowercase);
        (Reverse(score.points), name.is_none(), name, score.participant)
    });
    let mut entries: Vec<LeaderboardEntry> = Vec::with_capacity(scores.len().min(limit));
    for (position, score) in (1..).zip(scores).take(limit) {
        let rank =
            entries.last().filter(|last| last.points == score.points).map_or(position, |last| last.rank);
        entries.push(LeaderboardEntry {
            rank,
            participant_id: score.participant,
            display_name: score.display_name,
            points: score.points,
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn score(id: u128, name: &str, points: u64) -> ParticipantScore {
        let display_name = Some(name.to_owned()).filter(|name| !name.is_empty());
        ParticipantScore { participant: Uuid::from_u128(id).into(), display_name, points }
    }

    #[test]
    fn ties_share_a_rank_and_are_sorted_by_name() {
        let scores = [score(1, "", 700), score(2, "cy", 900), score(3, "Bo", 900), score(4, "Di", 700)];
        let entries = rank_scores(scores, 3);
        let lines: Vec<_> = entries.iter().map(|e| (e.rank, e.display_name.as_deref(), e.points)).collect();
        assert_eq!(lines, [(1, Some("Bo"), 900), (1, Some("cy"), 900), (3, Some("Di"), 700)]);
        assert_eq!(rank_scores([], 3), []);
    }

    proptest! {
        #[test]
        fn the_order_of_the_input_does_not_matter(
            scores in prop::collection::vec(("[aB]{0,2}", 0..4_u64), 0..12).prop_shuffle(),
        ) {
            let scores: Vec<ParticipantScore> =
                (0..).zip(scores).map(|(id, (name, points))| score(id, &name, points)).collect();
            let entries = rank_scores(scores.clone(), usize::MAX);
            prop_assert_eq!(&entries, &rank_scores(scores.clone().into_iter().rev(), usize::MAX));
            for entry in &entries {
                let better = scores.iter().filter(|score| score.points > entry.points).count() as u64;
                prop_assert_eq!(entry.rank, better + 1);
            }
        }
    }
}
