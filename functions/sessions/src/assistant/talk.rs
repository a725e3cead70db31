//! Selects what a model may know of a presentation. That is the slides that the audience has seen, and the notes of the
//! speaker.

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

/// Returns the title, notes and slides of a presentation for a text that the audience reads, and separately all its
/// slides.
///
/// It excludes slides that were not shown yet. For a quiz whose results are hidden it excludes the slide, and every
/// sentence of the notes that names a correct option. It costs 2 queries, which grow with the presentation.
///
/// # Errors
/// `NotFound` if the presentation does not exist any more.
pub async fn load_talk(
    app: &App,
    session: &Session,
    now: Timestamp,
) -> Result<(TalkContext, Vec<Slide>), Error> {
    let content = presentations::get_content(&app.store, session.presentation, now).await?;
    let content = content.ok_or(Error::NotFound("presentation"))?;
    let snapshots = slide_snapshots::list(&app.store, session.id, now).await?;
    let was_shown = |slide: &Slide| {
        session.pace == SlidePacing::Participant
            || session.current_slide == Some(slide.id)
            || snapshots.iter().any(|snapshot| snapshot.slide == slide.id)
    };
    let slides: Vec<Slide> = content
        .slides
        .into_iter()
        .map(|slide| Slide { content: slide.content.clone().seen_in(session.id), ..slide })
        .collect();
    let secrets: Vec<&str> =
        slides.iter().filter_map(|slide| hidden_quiz(session, slide)).flat_map(correct_options).collect();
    let notes = without_sentences(content.notes.as_deref().unwrap_or_default(), &secrets);
    let visible = slides.iter().filter(|slide| was_shown(slide) && hidden_quiz(session, slide).is_none());
    let talk = TalkContext {
        title: content.presentation.title,
        notes: AssistantNotes::new(&notes),
        slides: visible.map(slide_source).collect(),
    };
    Ok((talk, slides))
}

/// Returns the quiz of a slide whose correct answer is still hidden.
fn hidden_quiz<'a>(session: &Session, slide: &'a Slide) -> Option<&'a QuizContent> {
    match &slide.content {
        SlideContent::Quiz(quiz) if !session.shows_results(slide.id, &slide.content) => Some(quiz),
        _ => None,
    }
}

fn correct_options(quiz: &QuizContent) -> impl Iterator<Item = &str> {
    let correct = quiz.options.iter().filter(|option| quiz.correct.contains(&option.id));
    correct.map(|option| option.text.as_str())
}

/// Returns the notes without the sentences that contain one of `secrets`, in upper or lower case.
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

/// Returns the readable text of a slide.
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
    fn sentences_with_a_correct_option_are_excluded() {
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
