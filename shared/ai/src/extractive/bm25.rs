//! BM25 (Robertson and Zaragoza 2009) over a few hundred sentences.
//!
//! The crate `bm25` was rejected. Its terms are hashes of stems of one language, so it does not know the endings of
//! other languages. It does not say how much of a question a sentence covers. It depends on `fxhash`, which is
//! unmaintained (RUSTSEC-2025-0057).

use super::terms::likeness;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The indexed documents.
pub(crate) struct Bm25Index {
    documents: Vec<Vec<String>>,
    average_length: f64,
}

/// The match of a document with a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bm25Score {
    pub(crate) bm25: f64,
    /// The share of the query that the document covers, from 0 to 1, weighted by rarity. Unlike `bm25`, it is
    /// comparable between sets of documents.
    pub(crate) coverage: f64,
}

impl Bm25Index {
    pub(crate) fn new(documents: Vec<Vec<String>>) -> Self {
        let words: usize = documents.iter().map(Vec::len).sum();
        let average_length = number(words) / number(documents.len().max(1));
        Self { documents, average_length: average_length.max(1.0) }
    }

    /// Returns one score per document, in their order.
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

/// Converts a count of words or sentences. Such counts are far below the limit of exact conversion.
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
    fn the_rarer_word_has_more_weight() {
        let documents = ["Plans for everyone", "Plans for teams", "Plans for schools"];
        let scores = scores(&documents, "plans schools");
        assert!(scores[2].bm25 > scores[0].bm25);
        assert!((scores[0].bm25 - scores[1].bm25).abs() < 1e-9);
        assert!((scores[2].coverage - 1.0).abs() < 1e-9);
    }

    #[test]
    fn documents_without_a_match_score_zero() {
        assert!(scores(&["Plans for teams"], "football").iter().all(|score| score.bm25 == 0.0));
        assert!(scores(&[], "football").is_empty());
        assert!(scores(&["Plans"], "").iter().all(|score| score.coverage == 0.0));
    }
}
