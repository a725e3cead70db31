//! What a model may know of a talk: what the audience has seen by now, and the speaker's notes.

use ai::{AssistantNotes, SlideText, TalkContext};
use entry::App;
use jiff::Timestamp;
use model::{
    Error,
    session::SlidePacing,
    slide::{QuizContent, SlideContent},
};
use store::{
    presentations::{self, slides::Slide},
    sessions::{Session, slide_snapshots},
};

/// Title, notes and slides, for an answer that the audience reads. Slides that were not shown yet are left out, and of a
/// quiz whose results are hidden what gives it away: the slide, and every sentence of the notes that names a right option.
/// 2 queries, as large as the presentation.
///
/// # Errors
/// `NotFound` where the presentation is gone.
pub async fn load_talk(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<(TalkContext, Vec<Slide>), Error> {
    let whole = presentations::get_content(&app.store, session.presentation, now).await?;
    let whole = whole.ok_or(Error::NotFound("presentation"))?;
    let shown = slide_snapshots::list(&app.store, session.id, now).await?;
    let was_shown = |slide: &Slide| {
        session.pace == SlidePacing::Participant
            || session.current_slide == Some(slide.id)
            || shown.iter().any(|shown| shown.slide == slide.id)
    };
    let slides: Vec<Slide> = whole
        .slides
        .into_iter()
        .map(|slide| Slide { content: slide.content.clone().seen_in(session.id), ..slide })
        .collect();
    let secrets: Vec<&str> =
        slides.iter().filter_map(|slide| hidden_quiz(session, slide)).flat_map(correct_options).collect();
    let notes = without_sentences(whole.notes.as_deref().unwrap_or_default(), &secrets);
    let seen = slides.iter().filter(|slide| was_shown(slide) && hidden_quiz(session, slide).is_none());
    let talk = TalkContext {
        title: whole.presentation.title,
        notes: AssistantNotes::new(&notes),
        slides: seen.map(slide_source).collect(),
    };
    Ok((talk, slides))
}

/// A quiz that nobody may know the answer of yet.
fn hidden_quiz<'a>(session: &Session, slide: &'a Slide) -> Option<&'a QuizContent> {
    match &slide.content {
        SlideContent::Quiz(quiz) if !session.shows_results(slide.id, &slide.content) => Some(quiz),
        _ => None,
    }
}

fn correct_options(quiz: &QuizContent) -> impl Iterator<Item = &str> {
    let right = quiz.options.iter().filter(|option| quiz.correct.contains(&option.id));
    right.map(|option| option.text.as_str())
}

/// The notes without the sentences that name one of these, whatever the case.
fn without_sentences(notes: &str, secrets: &[&str]) -> String {
    let secrets: Vec<String> = secrets.iter().map(|secret| secret.trim().to_lowercase()).collect();
    let sentences = notes.split_inclusive(['.', '!', '?', '\n']);
    sentences
        .filter(|sentence| {
            let sentence = sentence.to_lowercase();
            !secrets.iter().any(|secret| !secret.is_empty() && sentence.contains(secret.as_str()))
        })
        .collect()
}

/// A slide as a source: what can be read on it.
pub fn slide_source(slide: &Slide) -> SlideText {
    let texts = slide.content.texts();
    SlideText {
        id: slide.id.to_string(),
        label: texts
            .first()
            .map(|text| text.lines().next().unwrap_or_default().to_owned())
            .unwrap_or_default(),
        text: texts.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_give_a_quiz_away_are_left_out() {
        let notes =
            "Herons nest in trees. The largest is the Goliath heron! It is grey.\nGOLIATH weighs five kilos";
        assert_eq!(
            without_sentences(notes, &["Goliath heron", "Goliath"]),
            "Herons nest in trees. It is grey.\n"
        );
        assert_eq!(without_sentences(notes, &[]), notes);
        assert_eq!(without_sentences(notes, &["  "]), notes);
    }
}
