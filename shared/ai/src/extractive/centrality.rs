//! Finds what many texts have in common, by choosing the texts that share most words with the others.

use std::collections::{HashMap, HashSet};

use super::{NotesBudget, as_sentence, bm25::number, terms};
use crate::{
    completion::{TAKEAWAY_MAX, TEXT_MAX},
    context::{AudienceResponses, TalkContext},
    language::Language,
    prompt::SUMMARY_WORDS_MAX,
    sanitize::{sanitize, truncate_at_sentence, truncate_at_word},
};

/// The maximum length of a quoted text in a summary, in characters.
const QUOTE_MAX: usize = 120;

const TAKEAWAYS_MAX: usize = 5;

/// Returns the indexes of at most `count` texts that cover most of all texts and are not similar to each other. Of
/// texts with equal scores, the first is chosen.
pub(super) fn most_central(texts: &[&str], count: usize) -> Vec<usize> {
    let bags: Vec<HashSet<String>> =
        texts.iter().map(|text| terms::terms(text).into_iter().collect()).collect();
    let mut shared: HashMap<&str, usize> = HashMap::new();
    for word in bags.iter().flatten() {
        *shared.entry(word).or_default() += 1;
    }
    let score = |bag: &HashSet<String>| {
        let sum: usize = bag.iter().filter_map(|word| shared.get(word.as_str())).sum();
        number(sum) / (number(bag.len()) + 2.0).sqrt()
    };
    let mut order: Vec<(f64, usize)> = bags.iter().map(score).zip(0..).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut chosen: Vec<usize> = Vec::new();
    for (score, index) in order {
        let is_new = chosen.iter().all(|other| !is_similar(&bags[*other], &bags[index]));
        if chosen.len() < count && score > 0.0 && is_new {
            chosen.push(index);
        }
    }
    chosen
}

fn is_similar(a: &HashSet<String>, b: &HashSet<String>) -> bool {
    let both = a.intersection(b).count();
    both * 2 >= a.union(b).count()
}

/// Sums up responses in a paragraph per slide, with the number of responses, the votes and the most common statements.
pub(crate) fn summarise(title: &str, responses: &[AudienceResponses]) -> String {
    let read: Vec<&str> = responses
        .iter()
        .flat_map(|r| r.texts.iter().map(String::as_str).chain([r.slide.label.as_str()]))
        .collect();
    let language = Language::detect(&format!("{title} {}", read.join(" ")));
    let mut paragraphs = Vec::new();
    let mut words = 0;
    for responses in responses {
        let Some(paragraph) = paragraph(responses, language) else { continue };
        words += paragraph.split_whitespace().count();
        if words > SUMMARY_WORDS_MAX && !paragraphs.is_empty() {
            break;
        }
        paragraphs.push(paragraph);
    }
    let text = paragraphs.join("\n\n");
    if text.is_empty() { language.nothing_yet().to_owned() } else { truncate_at_sentence(&text, TEXT_MAX) }
}

fn paragraph(responses: &AudienceResponses, language: Language) -> Option<String> {
    let texts = plain_texts(&responses.texts);
    let votes = votes(responses);
    if texts.is_empty() && votes.is_empty() {
        return None;
    }
    let label = truncate_at_word(&sanitize(&responses.slide.label, ""), QUOTE_MAX);
    let mut paragraph = label;
    if !texts.is_empty() {
        let count = language.answers(texts.len());
        paragraph = if paragraph.is_empty() { count } else { format!("{paragraph} ({count})") };
    }
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let quotes = most_central(&borrowed, 2)
        .into_iter()
        .map(|index| format!("“{}”", truncate_at_word(&texts[index], QUOTE_MAX)));
    let said: Vec<String> = votes.into_iter().chain(quotes).collect();
    if said.is_empty() {
        return Some(as_sentence(paragraph));
    }
    let colon = if paragraph.is_empty() || paragraph.ends_with(['?', '!', ':']) { " " } else { ": " };
    Some(as_sentence(format!("{paragraph}{colon}{}", said.join("; ")).trim().to_owned()))
}

/// Returns the options with their votes, most votes first.
fn votes(responses: &AudienceResponses) -> Vec<String> {
    let mut votes: Vec<&(String, u64)> = responses.votes.iter().filter(|(_, votes)| *votes > 0).collect();
    votes.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
    votes
        .iter()
        .map(|(option, votes)| format!("{} {votes}", truncate_at_word(&sanitize(option, ""), QUOTE_MAX)))
        .collect()
}

fn plain_texts(texts: &[String]) -> Vec<String> {
    let texts = texts.iter().map(|text| sanitize(text, "").replace('\n', " "));
    texts.filter(|text| !text.is_empty()).collect()
}

/// Returns the most chosen options, the most common statements, and the central sentences of slides and notes.
pub(crate) fn takeaways(talk: &TalkContext, responses: &[AudienceResponses]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |line: String| {
        let line = truncate_at_word(&sanitize(&line, ""), TAKEAWAY_MAX);
        if !line.is_empty() && lines.len() < TAKEAWAYS_MAX && !lines.contains(&line) {
            lines.push(line);
        }
        lines.len()
    };
    let label = |responses: &AudienceResponses| {
        terms::without_list_sign(&responses.slide.label).trim_end_matches(['?', ':', '.']).to_owned()
    };
    for responses in responses {
        let total: u64 = responses.votes.iter().map(|(_, votes)| votes).sum();
        // of options with equal votes, the first one
        let most =
            responses.votes.iter().rev().max_by_key(|(_, votes)| *votes).filter(|(_, votes)| *votes > 0);
        if let Some((option, votes)) = most
            && add(format!("{}: {option} ({votes}/{total})", label(responses))) >= 2
        {
            break;
        }
    }
    for responses in responses {
        let texts = plain_texts(&responses.texts);
        let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
        if let Some(index) = most_central(&borrowed, 1).first()
            && add(format!("{}: {}", label(responses), texts[*index])) >= 3
        {
            break;
        }
    }
    let (passages, _) = super::passages(talk);
    let borrowed: Vec<&str> = passages.iter().map(|passage| passage.text).collect();
    let mut notes_budget = NotesBudget::default();
    for index in most_central(&borrowed, passages.len()) {
        let passage = &passages[index];
        let text = if passage.slide.is_some() {
            Some(passage.text.to_string())
        } else {
            notes_budget.take(passage.text)
        };
        if text.is_some_and(|text| add(text) == TAKEAWAYS_MAX) {
            break;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssistantNotes, SlideText};

    fn responses(label: &str, texts: &[&str], votes: &[(&str, u64)]) -> AudienceResponses {
        AudienceResponses {
            slide: SlideText { id: "s".into(), label: label.into(), text: String::new() },
            texts: texts.iter().map(|&text| text.into()).collect(),
            votes: votes.iter().map(|&(option, votes)| (option.into(), votes)).collect(),
        }
    }

    #[test]
    fn the_central_text_is_the_most_common_statement() {
        let texts = [
            "I like cats",
            "More time for questions",
            "More time please for questions!",
            "time and questions",
        ];
        assert_eq!(most_central(&texts, 2)[0], 1);
        assert_eq!(most_central(&texts, 4).len(), 2, "no similar texts");
        assert!(most_central(&["", "the"], 2).is_empty());
    }

    #[test]
    fn a_summary_counts_and_quotes() {
        let summary = summarise(
            "Retro",
            &[
                responses("What should change?", &["More time", "more time for questions", "nothing"], &[]),
                responses("Again?", &[], &[("No", 3), ("Yes", 9), ("Maybe", 0)]),
                responses("Nobody answered", &[], &[]),
            ],
        );
        let expected =
            "What should change? (3 answers): “more time for questions”; “nothing”\n\nAgain? Yes 9; No 3.";
        assert_eq!(summary, expected);
    }

    #[test]
    fn a_summary_is_short_for_many_responses() {
        let long = "word salad of many different things that people wrote about ".repeat(5);
        let slides: Vec<_> =
            (0..40).map(|n| responses(&format!("Slide {n}"), &[&long, &long], &[])).collect();
        let summary = summarise("", &slides);
        assert!(summary.split_whitespace().count() <= SUMMARY_WORDS_MAX);
        assert_eq!(summarise("Plans for you", &[]), "There are no answers yet.");
        assert_eq!(summarise("Planuri pentru voi", &[]), "Nu există încă răspunsuri.");
    }

    #[test]
    fn takeaways_need_no_responses() {
        let notes =
            "Plans are simple. Plans start free. Schools pay nothing for plans. Invoices come monthly.";
        let talk = TalkContext { notes: AssistantNotes::new(notes), ..TalkContext::default() };
        let slides = vec![
            SlideText {
                id: "1".into(),
                label: "Plans".into(),
                text: "Three plans exist.\nPlans can change.".into(),
            },
            SlideText {
                id: "2".into(),
                label: "Support".into(),
                text: "Support answers within a day.".into(),
            },
        ];
        let with_slides = takeaways(&TalkContext { slides, ..talk.clone() }, &[]);
        assert!((3..=5).contains(&with_slides.len()), "{with_slides:?}");
        assert_eq!(takeaways(&talk, &[]).len(), 2, "an answer may quote only two sentences of the notes");
        assert!(takeaways(&TalkContext::default(), &[]).is_empty());

        let responses_of_slides = [
            responses("Which plan?", &[], &[("Free", 2), ("Pro", 9)]),
            responses("Why?", &["support", "support and price"], &[]),
        ];
        let lines = takeaways(&talk, &responses_of_slides);
        assert_eq!(lines[0], "Which plan: Pro (9/11)");
        assert!(lines[1].starts_with("Why: support"), "{lines:?}");
    }
}
