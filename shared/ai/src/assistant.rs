//! The assistant of a deployment, which asks the model and then its fallback.

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

/// The minimum number of takeaways. Fewer lines count as a failure.
const TAKEAWAYS_MIN: usize = 3;
const TAKEAWAYS_MAX: usize = 5;

/// Answers questions, sums up responses and draws takeaways. Cheap to clone. Only a deployment without a fallback can
/// fail ([`Error::Unavailable`]), because the extractive provider always returns a text.
#[derive(Clone)]
pub struct Assistant {
    backends: Arc<[ProviderBackend]>,
}

/// A provider that the assistant asks. The backends are tried in their order.
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
    /// Makes the assistant of these settings.
    ///
    /// # Errors
    /// Returns the invalid setting.
    pub fn start(settings: &AssistantSettings) -> Result<Self, InvalidAiSetting> {
        let models = std::iter::once(&settings.model).chain(&settings.fallback);
        let backends =
            models.map(|model| ProviderBackend::start(model, settings.limits)).collect::<Result<_, _>>()?;
        Ok(Self { backends })
    }

    /// Answers a question from the notes and slides, in plain text of at most [`TEXT_MAX`] characters.
    pub async fn answer(&self, question: &QuestionContext) -> Result<AnswerCompletion, Error> {
        let guard = NotesGuard::new(&question.talk, &[]);
        self.guard_answer(question, &guard, None).await
    }

    /// Answers a question and passes the growing text to `on_text`.
    ///
    /// Each call of `on_text` gets the whole guarded text so far, not the difference. A later text can be a different
    /// one, if a model fails in the middle or repeats the notes. The last text is that of the answer. `on_text` is
    /// called at every piece that the model writes, so the caller must limit the rate of publishing.
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
            // the whole answer is refused, so the rest of the stream need not be paid
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
            // a refusal is an answer too: the next model would be asked the same and paid to fail the same way
            Err(NotesLeak) => {
                tracing::warn!("a model repeated the notes, and its answer is not shown");
                Ok((Language::detect(&question.text).refusal().to_owned(), Vec::new()))
            }
        };
        let prompt = ModelPrompt::answer(question);
        let ((text, citations), origin) =
            self.try_backends(&prompt, on_piece, read, || extractive::answer(question)).await?;
        Ok(AnswerCompletion { text, citations, origin })
    }

    /// Sums up the responses of an audience neutrally, in at most 150 words of plain text.
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

    /// Draws three to five short lines from a talk and from its audience's responses, if it has any.
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

    /// Returns the first answer that can be read.
    async fn try_backends<T>(
        &self,
        prompt: &ModelPrompt,
        mut on_text: Option<&mut TextCallback<'_>>,
        read: impl Fn(&str) -> Result<T, ProviderError>,
        extractive: impl Fn() -> T,
    ) -> Result<(T, CompletionOrigin), Error> {
        let mut usage = TokenUsage::NONE;
        let mut failure = ProviderError::Empty;
        for backend in self.backends.iter() {
            let ProviderBackend::Network(network) = backend else {
                let ProviderModel { provider, name: model, .. } = ProviderModel::extractive();
                return Ok((extractive(), CompletionOrigin { provider, model, usage, truncated: false }));
            };
            let provider = network.provider;
            let model = network.name.clone();
            let completion = network.ask(prompt, on_text.as_deref_mut()).await.and_then(|reply| {
                usage = usage.plus(reply.usage);
                read(&reply.text)
            });
            match completion {
                Ok(completion) => {
                    return Ok((
                        completion,
                        CompletionOrigin { provider, model, usage, truncated: prompt.truncated },
                    ));
                }
                Err(failed) => {
                    tracing::warn!(%provider, model, failure = %failed, "a model failed");
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
