use ai::{Assistant, AudienceResponses};
use entry::{App, run_once::run_once};
use jiff::SignedDuration;
use model::{
    Error, Room, SlideId,
    assistant::GenerationStatus,
    slide::{IncludedSlides, SlideContent},
};
use protocol::{
    Event,
    event::{CurrentSlideChanged, GenerationUpdated},
    job::GenerateSlide,
};
use store::{
    ReadConsistency,
    identity::plan_usage,
    presentations::slides::{self, Slide},
    retry_conflict,
    sessions::{
        self, Session, responses,
        slide_generations::{self, SlideGeneration},
    },
};

use super::{LEASE, record_ai_call, reserve_ai_call, talk};
use crate::{session_snapshot::find_slide, votes::counted_responses::is_counted};

/// The age at which a generation stops waiting for a failing provider. The presenter can request it again.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Texts of one slide that a model reads, the newest ones.
const MAX_TEXTS_PER_SLIDE: usize = 300;

/// Writes the generated text of a slide, a summary of the answers or takeaways, and publishes it.
///
/// # Errors
/// Fails if the provider fails, until the request is 30 minutes old. Fails if the slide cannot be read or written.
pub async fn run(app: &App, assistant: &Assistant, job: &GenerateSlide) -> Result<(), Error> {
    let now = app.clock.now();
    let found = slide_generations::get(&app.store, job.session, job.slide, now).await?;
    let Some(generation) = found else { return Ok(()) };
    let found = sessions::get(&app.store, job.session, ReadConsistency::Strong, now).await?;
    let Some(session) = found else { return Ok(()) };
    if generation.status != GenerationStatus::Queued {
        // a second delivery: the first one may have failed before it published
        return publish_generation(app, &session, &generation).await;
    }
    let name = format!("generation#{}#{}#{}", job.session, job.slide, generation.requested_at);
    let finished =
        match run_once(app, &name, LEASE, write_generation(app, assistant, &session, &generation)).await {
            Ok(()) => {
                slide_generations::get(&app.store, job.session, job.slide, now).await?.unwrap_or(generation)
            }
            Err(error) if error.is_retryable() && now < generation.requested_at + GIVE_UP_AFTER => {
                return Err(error);
            }
            Err(error) => finish_generation(app, generation, None, Some(error.to_string())).await?,
        };
    publish_generation(app, &session, &finished).await
}

/// Stores that the generation is done, or why it failed. Changes nothing if the presenter has requested another one in
/// between.
async fn finish_generation(
    app: &App,
    generation: SlideGeneration,
    provider: Option<String>,
    error: Option<String>,
) -> Result<SlideGeneration, Error> {
    let status = if error.is_none() { GenerationStatus::Done } else { GenerationStatus::Failed };
    let finished_at = Some(app.clock.now());
    let finished = SlideGeneration { status, finished_at, provider, error, write_by: None, ..generation };
    slide_generations::finish(&app.store, &finished).await?;
    Ok(finished)
}

/// Publishes the status of the generation to the presenter. If the slide is the current one, publishes its new text to
/// the session.
async fn publish_generation(app: &App, session: &Session, generation: &SlideGeneration) -> Result<(), Error> {
    let now = app.clock.now();
    let updated = GenerationUpdated {
        session_id: session.id,
        slide_id: generation.slide,
        status: generation.status,
        requested_at: generation.requested_at,
        error: generation.error.clone(),
    };
    app.realtime.publish(Room::Presenter(session.id), Event::GenerationUpdated(updated), now).await?;
    if generation.status != GenerationStatus::Done {
        return Ok(());
    }
    // the session is read again, because the presenter may have shown the slide in between
    let found = sessions::get(&app.store, session.id, ReadConsistency::Strong, now).await?;
    let Some(session) = found.filter(|now| now.current_slide == Some(generation.slide)) else {
        return Ok(());
    };
    let Some(slide) = find_slide(app, &session, generation.slide, now).await? else { return Ok(()) };
    let changed = CurrentSlideChanged {
        session_id: session.id,
        version: session.version,
        slide: slide.for_audience(&session),
        slide_index: slide.index,
    };
    app.realtime.publish(Room::Session(session.id), Event::SlideChanged(changed), now).await
}

/// Writes the text with a model, and stores it on the slide.
async fn write_generation(
    app: &App,
    assistant: &Assistant,
    session: &Session,
    generation: &SlideGeneration,
) -> Result<(), Error> {
    let now = app.clock.now();
    let (talk, slides) = talk::load_talk(app, session, now).await?;
    let slide = slides.iter().find(|slide| slide.id == generation.slide).ok_or(Error::NotFound("slide"))?;
    let key = format!("generation#{}#{}", generation.slide, generation.requested_at);
    let responses = match &slide.content {
        SlideContent::Summary(summary) => {
            audience_responses(app, session, &slides, Some(&summary.include_slides)).await?
        }
        _ => audience_responses(app, session, &slides, None).await?,
    };
    if matches!(slide.content, SlideContent::Summary(_)) && responses.is_empty() {
        return Err(Error::Malformed("no participant has answered yet".into()));
    }
    reserve_ai_call(app, session, &key, None).await?;
    let written = if matches!(slide.content, SlideContent::Summary(_)) {
        let summary = assistant.summarise(&talk.title, &responses).await;
        summary.map(|summary| (GeneratedText::Summary(summary.text), summary.origin))
    } else {
        let takeaways = assistant.takeaways(&talk, &responses).await;
        takeaways.map(|takeaways| (GeneratedText::Takeaways(takeaways.lines), takeaways.origin))
    };
    let (text, origin) = match written {
        Ok(written) => written,
        Err(error) => {
            plan_usage::release_ai_call(&app.store, session.id, &key, app.clock.now()).await?;
            return Err(error);
        }
    };
    record_ai_call(app, session.id, &key, &origin).await?;
    write_on_slide(app, session, generation.slide, &text).await?;
    finish_generation(app, generation.clone(), Some(origin.provider.as_str().into()), None).await.map(drop)
}

/// The text that a model wrote.
enum GeneratedText {
    Summary(String),
    Takeaways(Vec<String>),
}

/// Stores the text on the current version of the slide, so that concurrent edits of the presenter are kept.
async fn write_on_slide(
    app: &App,
    session: &Session,
    id: SlideId,
    text: &GeneratedText,
) -> Result<(), Error> {
    retry_conflict("the slide", || async {
        let now = app.clock.now();
        let found = slides::get(&app.store, session.presentation, id, now).await?;
        let before = found.ok_or(Error::NotFound("slide"))?;
        let mut after = Slide { updated_at: now, version: before.version + 1, ..before };
        match (&mut after.content, text) {
            (SlideContent::Summary(summary), GeneratedText::Summary(text)) => {
                summary.summary_text = Some(text.clone());
                summary.generated_in = Some(session.id);
            }
            (SlideContent::Conclusion(conclusion), GeneratedText::Takeaways(lines)) => {
                conclusion.conclusions.clone_from(lines);
                conclusion.generated_in = Some(session.id);
            }
            _ => return Err(Error::Malformed("the presenter has changed the type of the slide".into())),
        }
        Ok(slides::replace(&app.store, &after).await?)
    })
    .await
}

/// Returns whether the text may use the answers to a slide. Results that the audience may not see are excluded, because
/// the audience reads the text. Answers to open questions are excluded only if the presenter has hidden their results.
fn is_readable(session: &Session, slide: &Slide) -> bool {
    let visible = session.results.get(&slide.id).and_then(|results| results.visible);
    match slide.content {
        SlideContent::QuestionText(_) => visible != Some(false),
        _ => session.shows_results(slide.id, &slide.content),
    }
}

/// Returns the counted answers to the slides that the text covers.
async fn audience_responses(
    app: &App,
    session: &Session,
    slides: &[Slide],
    included: Option<&IncludedSlides>,
) -> Result<Vec<AudienceResponses>, Error> {
    let is_included = |slide: &Slide| match included {
        Some(IncludedSlides::These(these)) => these.contains(&slide.id),
        Some(IncludedSlides::All(_)) | None => true,
    };
    let now = app.clock.now();
    let mut all_responses = Vec::new();
    for slide in slides.iter().filter(|slide| {
        is_included(slide) && slide.content.tally(&[]).is_some() && is_readable(session, slide)
    }) {
        let mut answers = responses::list_by_slide(&app.store, session.id, slide.id, now).await?;
        answers.retain(|response| is_counted(session, response));
        if answers.is_empty() {
            continue;
        }
        answers.sort_by_key(|response| std::cmp::Reverse(response.received));
        let contents: Vec<_> = answers.iter().map(|response| &response.answer).collect();
        let tally = slide.content.tally(&contents).unwrap_or_default();
        let texts = contents.iter().map(|answer| answer.text()).filter(|text| !text.trim().is_empty());
        let texts = texts.take(MAX_TEXTS_PER_SLIDE).map(str::to_owned).collect();
        let votes = tally
            .votes
            .into_iter()
            .map(|(option, count)| (slide.content.label(&option).to_owned(), count))
            .collect();
        all_responses.push(AudienceResponses { slide: talk::slide_source(slide), texts, votes });
    }
    Ok(all_responses)
}
