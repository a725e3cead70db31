//! Counting answers. Counts follow from the answers that lie in the table; nothing is ever added up as they come in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The state of a vote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tally {
    /// Option id → how many chose it; options without votes are there with 0.
    pub votes: BTreeMap<String, u64>,
    /// Choices made; more than voters where several may be chosen.
    pub total_votes: u64,
    pub total_voters: u64,
}

impl Tally {
    /// Counts what each voter chose. Choices of options that are no longer there count for nobody.
    pub fn count<'a, V>(
        options: impl IntoIterator<Item = &'a str>,
        voters: impl IntoIterator<Item = V>,
    ) -> Self
    where
        V: IntoIterator<Item = &'a str>,
    {
        let mut counts: BTreeMap<String, u64> = options.into_iter().map(|id| (id.to_owned(), 0)).collect();
        let (mut choices, mut people) = (0, 0);
        for chosen in voters {
            let mut counted = false;
            for id in chosen {
                if let Some(count) = counts.get_mut(id) {
                    *count += 1;
                    choices += 1;
                    counted = true;
                }
            }
            people += u64::from(counted);
        }
        Self { votes: counts, total_votes: choices, total_voters: people }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_count_choices_and_voters_apart() {
        let tally = Tally::count(["a", "b", "c"], [vec!["a", "b"], vec!["a"], vec!["gone"], vec![]]);
        assert_eq!(tally.votes, BTreeMap::from([("a".into(), 2), ("b".into(), 1), ("c".into(), 0)]));
        assert_eq!((tally.total_votes, tally.total_voters), (3, 2));
    }
}
