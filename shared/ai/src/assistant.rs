//! The model of a deployment, then its fallback.

use std::sync::Arc;

use model::Error;

use crate::{
    extractive,
    extractive::terms::unlisted,
    guard::{Guard, Leak},
    language::Language,
    network::{Failure, Network, OnText},
    plain::{cut_words, shorten},
    prompt::{Prompt, SUMMARY_WORDS_MAX},
    reply::{Answer, Origin, Summary, TAKEAWAY_MAX, TEXT_MAX, Takeaways, Usage},
    settings::{Limits, Model, Provider, Settings, WrongSetting},
    talk::{Question, Responses, Talk},
};

/// Fewer lines are no takeaways.
const TAKEAWAYS_MIN: usize = 3;
const TAKEAWAYS_MAX: usize = 5;

/// Answers, sums up and draws takeaways. Cheap to clone. Only a deployment without a fallback can fail
/// ([`Error::Unavailable`]): the extractive provider always has something to say.
#[derive(Clone)]
pub struct Assistant {
    asked: Arc<[Asked]>,
}

/// Who is asked, in their order.
enum Asked {
    Extractive,
    Network(Box<Network>),
}

impl Asked {
    fn start(model: &Model, limits: Limits) -> Result<Self, WrongSetting> {
        match model.provider {
            Provider::Extractive => Ok(Self::Extractive),
            _ => Ok(Self::Network(Box::new(Network::start(model, limits)?))),
        }
    }
}

impl Assistant {
    pub fn start(settings: &Settings) -> Result<Self, WrongSetting> {
        let models = std::iter::once(&settings.model).chain(&settings.fallback);
        let asked = models.map(|model| Asked::start(model, settings.limits)).collect::<Result<_, _>>()?;
        Ok(Self { asked })
    }

    /// Plain text of at most [`TEXT_MAX`] characters, from the notes and slides.
    pub async fn answer(&self, question: &Question) -> Result<Answer, Error> {
        let guard = Guard::of(&question.talk, &[]);
        self.answered(question, &guard, None).await
    }

    /// The same. `on_text` is told the whole text so far, guarded, whenever there is more of it: state, not deltas. It may
    /// become another text, when a model fails in its middle or repeats the notes; the last one is the answer's. It is
    /// called as often as a model writes, so whoever sends it on picks the times.
    pub async fn answer_streaming(
        &self,
        question: &Question,
        mut on_text: impl FnMut(&str) + Send,
    ) -> Result<Answer, Error> {
        let guard = Guard::of(&question.talk, &[]);
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
            Err(Leak) => false,
        };
        let answer = self.answered(question, &guard, Some(&mut on_piece)).await?;
        show(&answer.text);
        Ok(answer)
    }

    async fn answered(
        &self,
        question: &Question,
        guard: &Guard,
        on_piece: Option<&mut OnText<'_>>,
    ) -> Result<Answer, Error> {
        let read = |text: &str| match guard.check(text, TEXT_MAX) {
            Ok(text) if text.is_empty() => Err(Failure::Empty),
            Ok(text) => {
                let citations = extractive::citations(question, &text);
                Ok((text, citations))
            }
            // an answer all the same: the next model, asked the same, would be paid to do the same
            Err(Leak) => {
                tracing::warn!("a model repeats the notes and is not shown");
                Ok((Language::of(&question.text).refusal().to_owned(), Vec::new()))
            }
        };
        let prompt = Prompt::answer(question);
        let ((text, citations), origin) =
            self.ask(&prompt, on_piece, read, || extractive::answer(question)).await?;
        Ok(Answer { text, citations, origin })
    }

    /// What an audience wrote and chose, neutrally: at most 150 words in paragraphs of plain text.
    pub async fn summarise(&self, title: &str, responses: &[Responses]) -> Result<Summary, Error> {
        let guard = Guard::of(&Talk::default(), responses);
        let read = |text: &str| shown(&guard, &cut_words(text, SUMMARY_WORDS_MAX));
        let prompt = Prompt::summary(title, responses);
        let (text, origin) =
            self.ask(&prompt, None, read, || extractive::summarise(title, responses)).await?;
        Ok(Summary { text, origin })
    }

    /// Three to five short lines of a talk and of what its audience said, if it said anything.
    pub async fn takeaways(&self, talk: &Talk, responses: &[Responses]) -> Result<Takeaways, Error> {
        let guard = Guard::of(talk, responses);
        let read = |text: &str| lines(&shown(&guard, text)?);
        let prompt = Prompt::takeaways(talk, responses);
        let (lines, origin) =
            self.ask(&prompt, None, read, || extractive::takeaways(talk, responses)).await?;
        Ok(Takeaways { lines, origin })
    }

    /// The first answer that can be read.
    async fn ask<T>(
        &self,
        prompt: &Prompt,
        mut on_text: Option<&mut OnText<'_>>,
        read: impl Fn(&str) -> Result<T, Failure>,
        extractive: impl Fn() -> T,
    ) -> Result<(T, Origin), Error> {
        let mut usage = Usage::NONE;
        let mut failure = Failure::Empty;
        for asked in self.asked.iter() {
            let Asked::Network(network) = asked else {
                let Model { provider, name: model, .. } = Model::extractive();
                return Ok((extractive(), Origin { provider, model, usage, truncated: false }));
            };
            let (provider, model) = (network.provider, network.name.clone());
            let said = network.ask(prompt, on_text.as_deref_mut()).await.and_then(|reply| {
                usage = usage.and(reply.usage);
                read(&reply.text)
            });
            match said {
                Ok(said) => {
                    return Ok((said, Origin { provider, model, usage, truncated: prompt.truncated }));
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

fn shown(guard: &Guard, text: &str) -> Result<String, Failure> {
    let text = guard.check(text, TEXT_MAX).map_err(|Leak| Failure::Leak)?;
    if text.is_empty() { Err(Failure::Empty) } else { Ok(text) }
}

fn lines(text: &str) -> Result<Vec<String>, Failure> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(|line| shorten(unlisted(line), TAKEAWAY_MAX)) {
        if !line.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(TAKEAWAYS_MAX);
    if lines.len() < TAKEAWAYS_MIN { Err(Failure::Unreadable) } else { Ok(lines) }
}
