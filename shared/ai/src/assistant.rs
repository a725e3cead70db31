//! The model of a deployment, then its fallback.

use std::sync::Arc;

use model::Error;

use crate::{
    extractive,
    extractive::terms::unlisted,
    guard::{Guard, Leak, cut_words, shorten},
    language::Language,
    network::{Failure, Network},
    prompt::{Prompt, SUMMARY_WORDS_MAX},
    reply::{Answer, Summary, TAKEAWAY_MAX, TEXT_MAX, Takeaways},
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

/// Told the whole text so far, as it may be shown.
type Show<'a> = dyn FnMut(&str) + Send + 'a;

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
        self.answered(question, None).await
    }

    /// The same. `on_text` is told the whole text so far, guarded, whenever there is more of it: state, not deltas. It may
    /// become another text, when a model fails in its middle or repeats the notes; the last one is the answer's. It is
    /// called as often as a model writes, so whoever sends it on picks the times.
    pub async fn answer_streaming(
        &self,
        question: &Question,
        mut on_text: impl FnMut(&str) + Send,
    ) -> Result<Answer, Error> {
        let mut last = String::new();
        let mut show = |text: &str| {
            if text != last {
                on_text(text);
                text.clone_into(&mut last);
            }
        };
        let answer = self.answered(question, Some(&mut show)).await?;
        show(&answer.text);
        Ok(answer)
    }

    async fn answered(&self, question: &Question, mut show: Option<&mut Show<'_>>) -> Result<Answer, Error> {
        let guard = Guard::of(&question.talk, &[]);
        let prompt = Prompt::answer(question);
        let mut failure = None;
        for asked in self.asked.iter() {
            let Asked::Network(network) = asked else { return Ok(extractive::answer(question)) };
            match answer_of(network, question, &prompt, &guard, show.as_deref_mut()).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failure = Some(warned(network, failed)),
            }
        }
        Err(unavailable(failure))
    }

    /// What an audience wrote and chose, neutrally: at most 150 words in paragraphs of plain text.
    pub async fn summarise(&self, title: &str, responses: &[Responses]) -> Result<Summary, Error> {
        let guard = Guard::of(&Talk::default(), responses);
        let prompt = Prompt::summary(title, responses);
        let mut failure = None;
        for asked in self.asked.iter() {
            let Asked::Network(network) = asked else { return Ok(extractive::summarise(title, responses)) };
            let summary = network.ask(&prompt, None).await.and_then(|reply| {
                let text = shown(&guard, &cut_words(&reply.text, SUMMARY_WORDS_MAX))?;
                let (provider, model) = (network.provider, network.name.clone());
                Ok(Summary { text, provider, model, usage: reply.usage, truncated: prompt.truncated })
            });
            match summary {
                Ok(summary) => return Ok(summary),
                Err(failed) => failure = Some(warned(network, failed)),
            }
        }
        Err(unavailable(failure))
    }

    /// Three to five short lines of a talk and of what its audience said, if it said anything.
    pub async fn takeaways(&self, talk: &Talk, responses: &[Responses]) -> Result<Takeaways, Error> {
        let guard = Guard::of(talk, responses);
        let prompt = Prompt::takeaways(talk, responses);
        let mut failure = None;
        for asked in self.asked.iter() {
            let Asked::Network(network) = asked else { return Ok(extractive::takeaways(talk, responses)) };
            let takeaways = network.ask(&prompt, None).await.and_then(|reply| {
                let lines = lines(&shown(&guard, &reply.text)?)?;
                let (provider, model) = (network.provider, network.name.clone());
                Ok(Takeaways { lines, provider, model, usage: reply.usage, truncated: prompt.truncated })
            });
            match takeaways {
                Ok(takeaways) => return Ok(takeaways),
                Err(failed) => failure = Some(warned(network, failed)),
            }
        }
        Err(unavailable(failure))
    }
}

/// A model that repeats the notes has answered: the next one, with the same question, would only cost as well.
async fn answer_of(
    network: &Network,
    question: &Question,
    prompt: &Prompt,
    guard: &Guard,
    show: Option<&mut Show<'_>>,
) -> Result<Answer, Failure> {
    let reply = match show {
        None => network.ask(prompt, None).await?,
        Some(show) => {
            let mut on_text = |text: &str| match guard.check_growing(text, TEXT_MAX) {
                Ok(shown) => {
                    if !shown.is_empty() {
                        show(&shown);
                    }
                    true
                }
                Err(Leak) => false,
            };
            network.ask(prompt, Some(&mut on_text)).await?
        }
    };
    let (text, citations) = match guard.check(&reply.text, TEXT_MAX) {
        Ok(text) if text.is_empty() => return Err(Failure::Empty),
        Ok(text) => {
            let citations = extractive::citations(question, &text);
            (text, citations)
        }
        Err(Leak) => {
            tracing::warn!(provider = %network.provider, model = %network.name, "model repeats the notes");
            (Language::of(&question.text).refusal().to_owned(), Vec::new())
        }
    };
    let (provider, model) = (network.provider, network.name.clone());
    Ok(Answer { text, citations, provider, model, usage: reply.usage, truncated: prompt.truncated })
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

fn warned(network: &Network, failure: Failure) -> Failure {
    tracing::warn!(provider = %network.provider, model = %network.name, %failure, "model does not answer");
    failure
}

fn unavailable(failure: Option<Failure>) -> Error {
    Error::unavailable("the model", failure.unwrap_or(Failure::Empty))
}
