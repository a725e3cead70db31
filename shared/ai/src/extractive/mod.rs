//! The built-in provider, which is always available. It quotes sentences of the notes and slides with their sources. It
//! is deterministic and needs no settings.

pub(crate) mod bm25;
mod centrality;
pub(crate) mod terms;

pub(crate) use centrality::{summarise, takeaways};

use crate::{
    completion::{CompletionCitation, TEXT_MAX},
    context::{QuestionContext, TalkContext},
    language::Language,
    sanitize::{sanitize, truncate_at_sentence, truncate_at_word},
};
use bm25::Bm25Index;
use terms::{likeness, sentences, terms};

/// The minimum share of the question that a sentence must cover.
const COVERAGE_MIN: f64 = 0.3;

/// The minimum score of further sentences, as a share of the best score.
const SECOND_SENTENCE_MIN: f64 = 0.5;

const SENTENCES_MAX: usize = 3;

/// The maximum number of sentences from the notes per answer, so that one question does not reveal the notes.
const NOTES_SENTENCES_MAX: usize = 2;

/// The maximum number of characters from the notes per answer.
const NOTES_CHARS_MAX: usize = 300;

/// The weight of the current slide, because most questions are about it.
const CURRENT_SLIDE_WEIGHT: f64 = 1.2;

/// A sentence and its source, which is a slide or the notes.
struct Passage<'a> {
    slide: Option<usize>,
    text: &'a str,
}

impl Passage<'_> {
    fn cite(&self, talk: &TalkContext, quote: Option<String>) -> CompletionCitation {
        match self.slide.and_then(|slide| talk.slides.get(slide)) {
            Some(slide) => CompletionCitation::Slide { slide_id: slide.id.clone(), quote },
            None => CompletionCitation::Notes { quote },
        }
    }
}

/// Returns every sentence of a talk and an index of their terms. The terms of a slide's sentence include those of the
/// slide's label. A label is a passage of its own if the slide has no text, unless it is a question.
fn passages(talk: &TalkContext) -> (Vec<Passage<'_>>, Bm25Index) {
    let mut passages = Vec::new();
    let mut documents = Vec::new();
    for text in sentences(talk.notes.as_str()) {
        documents.push(terms(text));
        passages.push(Passage { slide: None, text });
    }
    for (slide, source) in talk.slides.iter().enumerate() {
        let label = terms(&source.label);
        if sentences(&source.text).next().is_none() && !source.label.trim_end().ends_with('?') {
            documents.push(label.clone());
            passages.push(Passage { slide: Some(slide), text: source.label.trim() });
        }
        for text in sentences(&source.text) {
            documents.push([terms(text), label.clone()].concat());
            passages.push(Passage { slide: Some(slide), text });
        }
    }
    (passages, Bm25Index::new(documents))
}

/// Returns the passages that fit a text, best first. Passages with equal scores keep their order.
fn best_passages<'a>(talk: &'a TalkContext, current: Option<&str>, text: &str) -> Vec<(f64, Passage<'a>)> {
    let (passages, index) = passages(talk);
    let scores = index.scores(&terms(text));
    let mut found: Vec<(f64, Passage<'a>)> = passages
        .into_iter()
        .zip(scores)
        .filter(|(passage, score)| score.coverage >= COVERAGE_MIN && !passage.text.is_empty())
        .map(|(passage, score)| {
            let slide = passage.slide.and_then(|slide| talk.slides.get(slide));
            let is_current = slide.is_some_and(|slide| current == Some(slide.id.as_str()));
            (if is_current { score.bm25 * CURRENT_SLIDE_WEIGHT } else { score.bm25 }, passage)
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found
}

/// Answers with one to three sentences of the notes and slides, or with the statement that they do not cover the
/// question.
pub(crate) fn answer(question: &QuestionContext) -> (String, Vec<CompletionCitation>) {
    let found = best_passages(&question.talk, question.current_slide.as_deref(), &question.text);
    let threshold = found.first().map_or(0.0, |(score, _)| score * SECOND_SENTENCE_MIN);
    let mut said: Vec<String> = Vec::new();
    let mut citations = Vec::new();
    let mut notes_budget = NotesBudget::default();
    for (_, passage) in found.into_iter().take_while(|(score, _)| *score >= threshold) {
        let text = sanitize(passage.text, passage.text);
        let text = if passage.slide.is_some() {
            Some(truncate_at_word(&text, NOTES_CHARS_MAX))
        } else {
            notes_budget.take(&text)
        };
        let Some(text) = text.filter(|text| !text.is_empty() && !said.contains(text)) else { continue };
        citations.push(passage.cite(&question.talk, Some(text.clone())));
        said.push(text);
        if said.len() == SENTENCES_MAX {
            break;
        }
    }
    let text = if said.is_empty() {
        Language::detect(&question.text).not_covered().to_owned()
    } else {
        truncate_at_sentence(&said.into_iter().map(as_sentence).collect::<Vec<_>>().join(" "), TEXT_MAX)
    };
    (text, citations)
}

/// Returns the likely sources of a model's answer, at most three and without quotes. A passage counts if the answer has
/// words of it, and if the answer and the question together have most of its words.
pub(crate) fn citations(question: &QuestionContext, answer: &str) -> Vec<CompletionCitation> {
    let talk = &question.talk;
    let said = terms(answer);
    let asked_and_said = [said.clone(), terms(&question.text)].concat();
    let (passages, index) = passages(talk);
    let scores = index.scores(&said);
    let is_source = |sentence: &str| {
        let sentence = terms(sentence);
        count_matched(&sentence, &said) >= 2
            && count_matched(&sentence, &asked_and_said) * 2 >= sentence.len()
    };
    let mut found: Vec<(f64, Passage<'_>)> =
        scores.into_iter().map(|score| score.bm25).zip(passages).filter(|(_, p)| is_source(p.text)).collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut citations = Vec::new();
    for (_, passage) in found {
        let citation = passage.cite(talk, None);
        if !citations.contains(&citation) {
            citations.push(citation);
        }
    }
    citations.truncate(SENTENCES_MAX);
    citations
}

fn count_matched(sentence: &[String], by: &[String]) -> usize {
    sentence.iter().filter(|term| by.iter().any(|word| likeness(term, word) > 0.0)).count()
}

/// The amount of notes that may still be quoted.
struct NotesBudget {
    sentences: usize,
    chars: usize,
}

impl Default for NotesBudget {
    fn default() -> Self {
        Self { sentences: NOTES_SENTENCES_MAX, chars: NOTES_CHARS_MAX }
    }
}

impl NotesBudget {
    /// Returns a sentence, truncated to the remaining amount. Returns `None` if only a fragment would remain.
    fn take(&mut self, sentence: &str) -> Option<String> {
        const MIN_FRAGMENT: usize = 40;
        let length = sentence.chars().count();
        if self.sentences == 0 || self.chars < length.min(MIN_FRAGMENT) {
            return None;
        }
        let text = truncate_at_word(sentence, self.chars);
        self.sentences -= 1;
        self.chars -= text.chars().count();
        Some(text)
    }
}

/// Ends a line of a list with a full stop.
fn as_sentence(mut text: String) -> String {
    if text.ends_with(char::is_alphanumeric) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssistantNotes, SlideText};

    fn question(text: &str) -> QuestionContext {
        let notes = "Introduce the team first.\n\
            The pro plan costs 20 euros a month and includes support.\n\
            Schools pay nothing. Invoices are sent on the first of each month.\n\
            !private we lose money on schools\n\
            Abonamentul pentru companii costă 90 de euro pe lună.";
        let slide = |id: &str, label: &str, text: &str| SlideText {
            id: id.into(),
            label: label.into(),
            text: text.into(),
        };
        QuestionContext {
            talk: TalkContext {
                title: "Plans".into(),
                notes: AssistantNotes::new(notes),
                slides: vec![
                    slide("s1", "Security", "All data is encrypted at rest. Backups are kept for 35 days."),
                    slide("s2", "Which plan do you use?", ""),
                ],
            },
            text: text.into(),
            ..QuestionContext::default()
        }
    }

    struct ExtractedAnswer {
        text: String,
        citations: Vec<CompletionCitation>,
    }

    fn said(question: &QuestionContext) -> ExtractedAnswer {
        let (text, citations) = answer(question);
        ExtractedAnswer { text, citations }
    }

    fn ask(text: &str) -> ExtractedAnswer {
        said(&question(text))
    }

    #[test]
    fn an_answer_is_a_sentence_with_its_source() {
        let answer = ask("How much does the pro plan cost?");
        assert!(answer.text.starts_with("The pro plan costs 20 euros a month"), "{}", answer.text);
        let quote = Some("The pro plan costs 20 euros a month and includes support.".to_owned());
        assert_eq!(answer.citations[0], CompletionCitation::Notes { quote });

        let answer = ask("how long do you keep backups");
        let quote = Some("Backups are kept for 35 days.".to_owned());
        assert_eq!(answer.citations, [CompletionCitation::Slide { slide_id: "s1".into(), quote }]);
    }

    #[test]
    fn romanian_is_found_with_and_without_diacritics() {
        for text in ["Cât costă abonamentul pentru companii?", "cat costa abonamentele companiilor"] {
            let answer = ask(text);
            assert!(
                answer.text.starts_with("Abonamentul pentru companii costă 90"),
                "{text}: {}",
                answer.text
            );
        }
        assert_eq!(ask("Cine a câștigat meciul aseară?").text, "Notițele nu acoperă acest subiect.");
    }

    #[test]
    fn a_question_without_a_match_gets_a_notice() {
        for text in ["Who won the football match yesterday?", "", "What is it?", "???"] {
            let answer = ask(text);
            assert_eq!(
                (answer.text.as_str(), answer.citations.len()),
                ("The notes do not cover this.", 0),
                "{text}"
            );
        }
    }

    #[test]
    fn a_question_on_a_slide_is_not_an_answer() {
        let answer = ask("Which plan do you use?");
        assert!(
            answer.citations.iter().all(|citation| matches!(citation, CompletionCitation::Notes { .. })),
            "{}",
            answer.text
        );
    }

    #[test]
    fn a_models_answer_gets_citations() {
        let cite = |answer: &str| citations(&question("?"), answer);
        let slide = CompletionCitation::Slide { slide_id: "s1".into(), quote: None };
        let long = "Good question! Your data is safe with us, as all of it is encrypted at rest, and there are backups \
            too, which are kept for 35 days. The pro plan, which costs 20 euros a month, includes support.";
        assert_eq!(cite(long), [CompletionCitation::Notes { quote: None }, slide.clone()]);
        assert_eq!(cite("All data is encrypted."), [slide]);
        assert!(cite("The speaker's notes do not say who won the football match.").is_empty());
    }

    #[test]
    fn private_parts_are_not_found() {
        assert_eq!(ask("Do you lose money?").text, "The notes do not cover this.");
    }

    #[test]
    fn one_question_does_not_reveal_the_notes() {
        let line = |n| {
            format!("The plan number {n} of the plan is a plan that plans and plans {}.", "on ".repeat(40))
        };
        let notes = (0..50).map(line).collect::<Vec<_>>().join("\n");
        let talk = TalkContext { notes: AssistantNotes::new(&notes), ..TalkContext::default() };
        let answer = said(&QuestionContext {
            talk,
            text: "plan plan plans number".into(),
            ..QuestionContext::default()
        });
        assert!(answer.text.chars().count() <= NOTES_CHARS_MAX + 4, "{}", answer.text);
        assert!(answer.citations.len() <= NOTES_SENTENCES_MAX);
    }

    #[test]
    fn the_current_slide_comes_first() {
        let slide =
            |id: &str| SlideText { id: id.into(), label: "Costs".into(), text: format!("Costs of {id}.") };
        let talk = TalkContext { slides: vec![slide("a"), slide("b")], ..TalkContext::default() };
        let ask = |current: &str| {
            let current_slide = Some(current.to_owned());
            said(&QuestionContext {
                talk: talk.clone(),
                current_slide,
                text: "costs?".into(),
                ..QuestionContext::default()
            })
        };
        assert!(ask("a").text.starts_with("Costs of a."));
        assert!(ask("b").text.starts_with("Costs of b."));
    }
}
