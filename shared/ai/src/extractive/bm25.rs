//! BM25 (Robertson and Zaragoza 2009) over a few hundred sentences. Not the crate `bm25`: its terms are hashes of stems of
//! one language, so it knows neither endings of others nor how much of a question a sentence holds, and it brings `fxhash`,
//! which nobody keeps (RUSTSEC-2025-0057). The formula is what is below.

use super::terms::likeness;

const K1: f64 = 1.2;
const B: f64 = 0.75;

pub(crate) struct Bm25Index {
    documents: Vec<Vec<String>>,
    average_length: f64,
}

/// How well a document fits a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bm25Score {
    pub(crate) bm25: f64,
    /// 0 to 1: the part of the query, weighed by rarity, that the document holds. Unlike `bm25` it can be compared from
    /// one set of documents to another.
    pub(crate) coverage: f64,
}

impl Bm25Index {
    pub(crate) fn new(documents: Vec<Vec<String>>) -> Self {
        let words: usize = documents.iter().map(Vec::len).sum();
        let average_length = number(words) / number(documents.len().max(1));
        Self { documents, average_length: average_length.max(1.0) }
    }

    /// One score per document, in their order.
    pub(crate) fn scores(&self, query: &[String]) -> Vec<Bm25Score> {
        let mut scores = vec![Bm25Score { bm25: 0.0, coverage: 0.0 }; self.documents.len()];
        let mut whole = 0.0;
        let mut query = query.to_vec();
        query.sort_unstable();
        query.dedup();
        for term in &query {
            let hits: Vec<TermMatch> =
                self.documents.iter().map(|document| TermMatch::best_match(term, document)).collect();
            let having = hits.iter().filter(|hit| hit.best > 0.0).count();
            let rarity = (1.0 + (number(hits.len()) + 1.0) / (number(having) + 1.0)).ln();
            whole += rarity;
            for ((score, hit), document) in scores.iter_mut().zip(&hits).zip(&self.documents) {
                let length = 1.0 - B + B * number(document.len()) / self.average_length;
                score.bm25 += rarity * hit.frequency * (K1 + 1.0) / (hit.frequency + K1 * length);
                score.coverage += rarity * hit.best;
            }
        }
        for score in &mut scores {
            score.coverage /= if whole > 0.0 { whole } else { 1.0 };
        }
        scores
    }
}

struct TermMatch {
    frequency: f64,
    best: f64,
}

impl TermMatch {
    fn best_match(term: &str, document: &[String]) -> Self {
        let likenesses = document.iter().map(|word| likeness(term, word));
        likenesses.fold(Self { frequency: 0.0, best: 0.0 }, |hit, likeness| Self {
            frequency: hit.frequency + likeness,
            best: hit.best.max(likeness),
        })
    }
}

/// Counts of words and sentences, far below where this loses anything.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{super::terms::terms, *};

    fn scores(documents: &[&str], query: &str) -> Vec<Bm25Score> {
        Bm25Index::new(documents.iter().map(|text| terms(text)).collect()).scores(&terms(query))
    }

    #[test]
    fn the_rarer_word_decides() {
        let documents = ["Plans for everyone", "Plans for teams", "Plans for schools"];
        let scores = scores(&documents, "plans schools");
        assert!(scores[2].bm25 > scores[0].bm25);
        assert!((scores[0].bm25 - scores[1].bm25).abs() < 1e-9);
        assert!((scores[2].coverage - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_nothing_holds_scores_nothing() {
        assert!(scores(&["Plans for teams"], "football").iter().all(|score| score.bm25 == 0.0));
        assert!(scores(&[], "football").is_empty());
        assert!(scores(&["Plans"], "").iter().all(|score| score.coverage == 0.0));
    }
}
