//! The model of a deployment, then its fallback.

use std::sync::Arc;

use model::Error;

use crate::{
    completion::{
        AnswerCompletion, CompletionOrigin, SummaryCompletion, TAKEAWAY_MAX, TEXT_MAX, TakeawaysCompletion,
        TokenUsage,
    },
    context::{AudienceResponses, QuestionContext, TalkContext},
    extractive,
    extractive::terms::without_list_sign,
    guard::{NotesGuard, NotesLeak},
    language::Language,
    network_provider::{NetworkProvider, ProviderError, TextCallback},
    prompt::{ModelPrompt, SUMMARY_WORDS_MAX},
    sanitize::{truncate_at_word, truncate_words},
    settings::{AssistantSettings, InvalidAiSetting, Provider, ProviderLimits, ProviderModel},
};

/// Fewer lines are no takeaways.
const TAKEAWAYS_MIN: usize = 3;
const TAKEAWAYS_MAX: usize = 5;

/// Answers, sums up and draws takeaways. Cheap to clone. Only a deployment without a fallback can fail
/// ([`Error::Unavailable`]): the extractive provider always has something to say.
#[derive(Clone)]
pub struct Assistant {
    backends: Arc<[ProviderBackend]>,
}

/// Who is asked, in their order.
enum ProviderBackend {
    Extractive,
    Network(Box<NetworkProvider>),
}

impl ProviderBackend {
    fn start(model: &ProviderModel, limits: ProviderLimits) -> Result<Self, InvalidAiSetting> {
        match model.provider {
            Provider::Extractive => Ok(Self::Extractive),
            _ => Ok(Self::Network(Box::new(NetworkProvider::start(model, limits)?))),
        }
    }
}

impl Assistant {
    pub fn start(settings: &AssistantSettings) -> Result<Self, InvalidAiSetting> {
        let models = std::iter::once(&settings.model).chain(&settings.fallback);
        let asked =
            models.map(|model| ProviderBackend::start(model, settings.limits)).collect::<Result<_, _>>()?;
        Ok(Self { backends: asked })
    }

    /// Plain text of at most [`TEXT_MAX`] characters, from the notes and slides.
    pub async fn answer(&self, question: &QuestionContext) -> Result<AnswerCompletion, Error> {
        let guard = NotesGuard::new(&question.talk, &[]);
        self.guard_answer(question, &guard, None).await
    }

    /// The same. `on_text` is told the whole text so far, guarded, whenever there is more of it: state, not deltas. It may
    /// become another text, when a model fails in its middle or repeats the notes; the last one is the answer's. It is
    /// called as often as a model writes, so whoever sends it on picks the times.
    pub async fn answer_streaming(
        &self,
        question: &QuestionContext,
        mut on_text: impl FnMut(&str) + Send,
    ) -> Result<AnswerCompletion, Error> {
        let guard = NotesGuard::new(&question.talk, &[]);
        let mut last = String::new();
        let mut show = |text: &str| {
            if text != last {
                on_text(text);
                text.clone_into(&mut last);
            }
        };
        let mut on_piece = |text: &str| match guard.check_growing(text, TEXT_MAX) {
            Ok(shown) => {
                if !shown.is_empty() {
                    show(&shown);
                }
                true
            }
            // the whole answer is refused: what is still to come need not be paid
            Err(NotesLeak) => false,
        };
        let answer = self.guard_answer(question, &guard, Some(&mut on_piece)).await?;
        show(&answer.text);
        Ok(answer)
    }

    async fn guard_answer(
        &self,
        question: &QuestionContext,
        guard: &NotesGuard,
        on_piece: Option<&mut TextCallback<'_>>,
    ) -> Result<AnswerCompletion, Error> {
        let read = |text: &str| match guard.check(text, TEXT_MAX) {
            Ok(text) if text.is_empty() => Err(ProviderError::Empty),
            Ok(text) => {
                let citations = extractive::citations(question, &text);
                Ok((text, citations))
            }
            // an answer all the same: the next model, asked the same, would be paid to do the same
            Err(NotesLeak) => {
                tracing::warn!("a model repeats the notes and is not shown");
                Ok((Language::detect(&question.text).refusal().to_owned(), Vec::new()))
            }
        };
        let prompt = ModelPrompt::answer(question);
        let ((text, citations), origin) =
            self.try_backends(&prompt, on_piece, read, || extractive::answer(question)).await?;
        Ok(AnswerCompletion { text, citations, origin })
    }

    /// What an audience wrote and chose, neutrally: at most 150 words in paragraphs of plain text.
    pub async fn summarise(
        &self,
        title: &str,
        responses: &[AudienceResponses],
    ) -> Result<SummaryCompletion, Error> {
        let guard = NotesGuard::new(&TalkContext::default(), responses);
        let read = |text: &str| guarded_text(&guard, &truncate_words(text, SUMMARY_WORDS_MAX));
        let prompt = ModelPrompt::summary(title, responses);
        let (text, origin) =
            self.try_backends(&prompt, None, read, || extractive::summarise(title, responses)).await?;
        Ok(SummaryCompletion { text, origin })
    }

    /// Three to five short lines of a talk and of what its audience said, if it said anything.
    pub async fn takeaways(
        &self,
        talk: &TalkContext,
        responses: &[AudienceResponses],
    ) -> Result<TakeawaysCompletion, Error> {
        let guard = NotesGuard::new(talk, responses);
        let read = |text: &str| parse_takeaway_lines(&guarded_text(&guard, text)?);
        let prompt = ModelPrompt::takeaways(talk, responses);
        let (lines, origin) =
            self.try_backends(&prompt, None, read, || extractive::takeaways(talk, responses)).await?;
        Ok(TakeawaysCompletion { lines, origin })
    }

    /// The first answer that can be read.
    async fn try_backends<T>(
        &self,
        prompt: &ModelPrompt,
        mut on_text: Option<&mut TextCallback<'_>>,
        read: impl Fn(&str) -> Result<T, ProviderError>,
        extractive: impl Fn() -> T,
    ) -> Result<(T, CompletionOrigin), Error> {
        let mut usage = TokenUsage::NONE;
        let mut failure = ProviderError::Empty;
        for asked in self.backends.iter() {
            let ProviderBackend::Network(network) = asked else {
                let ProviderModel { provider, name: model, .. } = ProviderModel::extractive();
                return Ok((extractive(), CompletionOrigin { provider, model, usage, truncated: false }));
            };
            let (provider, model) = (network.provider, network.name.clone());
            let said = network.ask(prompt, on_text.as_deref_mut()).await.and_then(|reply| {
                usage = usage.plus(reply.usage);
                read(&reply.text)
            });
            match said {
                Ok(said) => {
                    return Ok((
                        said,
                        CompletionOrigin { provider, model, usage, truncated: prompt.truncated },
                    ));
                }
                Err(failed) => {
                    tracing::warn!(%provider, model, failure = %failed, "model does not answer");
                    failure = failed;
                }
            }
        }
        Err(Error::unavailable("the model", failure))
    }
}

fn guarded_text(guard: &NotesGuard, text: &str) -> Result<String, ProviderError> {
    let text = guard.check(text, TEXT_MAX).map_err(|NotesLeak| ProviderError::Leak)?;
    if text.is_empty() { Err(ProviderError::Empty) } else { Ok(text) }
}

fn parse_takeaway_lines(text: &str) -> Result<Vec<String>, ProviderError> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(|line| truncate_at_word(without_list_sign(line), TAKEAWAY_MAX)) {
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(TAKEAWAYS_MAX);
    if lines.len() < TAKEAWAYS_MIN { Err(ProviderError::Unreadable) } else { Ok(lines) }
}
