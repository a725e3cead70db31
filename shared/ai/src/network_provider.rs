//! One model over HTTP, by `genai`. Transient failures are retried. Errors contain no body, because it may quote a
//! prompt.

use std::time::Duration;

use futures::StreamExt;
use genai::{
    Client, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent},
    resolver::{AuthData, Endpoint},
    webc,
};
use rand::RngExt;
use secrecy::ExposeSecret;

use crate::{
    completion::TokenUsage,
    prices::cost_micros,
    prompt::{ModelPrompt, estimate_tokens},
    settings::{InvalidAiSetting, Provider, ProviderLimits, ProviderModel},
};

/// The maximum number of tokens of an answer (contract presentations A3.5).
const TOKENS_OUT_MAX: u32 = 1_024;

/// The maximum length of a stream in characters. A longer stream is stopped.
const STREAM_MAX: usize = 20_000;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum idle time of a connection. A Lambda function that was frozen longer does not use it again.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum pause that a provider can request.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10);

/// A callback that gets the whole text so far. `false` ends the stream.
pub(crate) type TextCallback<'a> = dyn FnMut(&str) -> bool + Send + 'a;

/// The reason why a model did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("the provider did not answer in time")]
    Timeout,
    #[error("the provider answered with status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("the provider is not reachable")]
    Transport,
    #[error("the answer cannot be parsed")]
    Unreadable,
    #[error("the answer has no text to show")]
    Empty,
    #[error("the answer repeats the notes")]
    Leak,
}

impl ProviderError {
    const fn is_transient(&self) -> bool {
        match self {
            Self::Timeout | Self::Transport => true,
            Self::Status { status, .. } => matches!(*status, 429 | 500..),
            Self::Unreadable | Self::Empty | Self::Leak => false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct ProviderReply {
    pub(crate) text: String,
    pub(crate) usage: TokenUsage,
}

pub(crate) struct NetworkProvider {
    client: Client,
    target: ServiceTarget,
    pub(crate) provider: Provider,
    pub(crate) name: String,
    call: Duration,
    limits: ProviderLimits,
}

impl NetworkProvider {
    pub(crate) fn start(model: &ProviderModel, limits: ProviderLimits) -> Result<Self, InvalidAiSetting> {
        let kind = match model.provider {
            Provider::OpenAi => AdapterKind::OpenAI,
            Provider::Anthropic => AdapterKind::Anthropic,
            Provider::Gemini => AdapterKind::Gemini,
            Provider::Ollama => AdapterKind::Ollama,
            Provider::Extractive => return Err(InvalidAiSetting::Provider),
        };
        // no provider redirects a POST; a followed redirect would send the key and the notes to another host
        // (RELIABILITY 22)
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
            .build()
            .map_err(|error| InvalidAiSetting::Client(error.to_string()))?;
        let client = Client::builder()
            .with_reqwest(http)
            .build()
            .map_err(|error| InvalidAiSetting::Client(error.to_string()))?;
        // an empty key is set too, because `genai` would look into the environment otherwise
        let key = model.key.as_ref().map_or("", |key| key.expose_secret());
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(model.url.as_str()),
            auth: AuthData::from_single(key),
            model: ModelIden::new(kind, model.name.as_str()),
        };
        let call = if model.provider == Provider::Ollama { limits.call_of_ollama } else { limits.call };
        Ok(Self { client, target, provider: model.provider, name: model.name.clone(), call, limits })
    }

    /// Asks the model and returns its unguarded answer. With `on_text`, the answer is streamed, and a retry starts the
    /// text again.
    pub(crate) async fn ask(
        &self,
        prompt: &ModelPrompt,
        mut on_text: Option<&mut TextCallback<'_>>,
    ) -> Result<ProviderReply, ProviderError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let attempt = async {
                match &mut on_text {
                    Some(on_text) => self.request_stream(prompt, *on_text).await,
                    None => self.request_whole(prompt).await,
                }
            };
            let failure = match tokio::time::timeout(self.call, attempt).await {
                Ok(Ok(reply)) => return Ok(reply),
                Ok(Err(failure)) => failure,
                Err(_) => ProviderError::Timeout,
            };
            if !failure.is_transient() || tried >= self.limits.tries {
                return Err(failure);
            }
            tracing::info!(provider = %self.provider, model = %self.name, tried, %failure, "retrying a model");
            tokio::time::sleep(self.retry_delay(tried, &failure)).await;
        }
    }

    async fn request_whole(&self, prompt: &ModelPrompt) -> Result<ProviderReply, ProviderError> {
        let response = self
            .client
            .exec_chat(self.target.clone(), request(prompt), Some(&options()))
            .await
            .map_err(|error| to_provider_error(&error))?;
        let text = response.texts().concat();
        Ok(self.reply(prompt, text, Some(&response.usage)))
    }

    async fn request_stream(
        &self,
        prompt: &ModelPrompt,
        on_text: &mut TextCallback<'_>,
    ) -> Result<ProviderReply, ProviderError> {
        let mut stream = self
            .client
            .exec_chat_stream(self.target.clone(), request(prompt), Some(&options()))
            .await
            .map_err(|error| to_provider_error(&error))?
            .stream;
        let mut text = String::new();
        loop {
            // a model may think or be loaded before its first piece, so the timeout of the call applies
            let idle = if text.is_empty() { self.call } else { self.limits.idle };
            let event =
                tokio::time::timeout(idle, stream.next()).await.map_err(|_| ProviderError::Timeout)?;
            match event {
                Some(Ok(ChatStreamEvent::Chunk(chunk))) => {
                    text.push_str(&chunk.content);
                    if !on_text(&text) || text.len() > STREAM_MAX {
                        return Ok(self.reply(prompt, text, None));
                    }
                }
                Some(Ok(ChatStreamEvent::End(end))) => {
                    return Ok(self.reply(prompt, text, end.captured_usage.as_ref()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(to_provider_error(&error)),
                None => return Err(ProviderError::Unreadable),
            }
        }
    }

    fn reply(&self, prompt: &ModelPrompt, text: String, usage: Option<&genai::chat::Usage>) -> ProviderReply {
        let counted =
            |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0);
        let tokens_in =
            counted(usage.and_then(|usage| usage.prompt_tokens)).unwrap_or_else(|| prompt.tokens());
        let tokens_out = counted(usage.and_then(|usage| usage.completion_tokens))
            .unwrap_or_else(|| estimate_tokens(&text));
        let cost_micros = cost_micros(self.provider, &self.name, tokens_in, tokens_out);
        ProviderReply { text, usage: TokenUsage { tokens_in, tokens_out, cost_micros } }
    }

    /// Returns the pause before a retry. It doubles each time, and its jitter takes off up to half, so that a whole
    /// audience does not retry at the same moment.
    fn retry_delay(&self, tried: u32, failure: &ProviderError) -> Duration {
        let longest = self.limits.backoff.saturating_mul(1 << (tried - 1).min(6));
        let pause = longest.mul_f64(rand::rng().random_range(0.5..=1.0));
        match failure {
            ProviderError::Status { retry_after: Some(asked), .. } => {
                pause.max((*asked).min(RETRY_AFTER_MAX))
            }
            _ => pause,
        }
    }
}

fn request(prompt: &ModelPrompt) -> ChatRequest {
    ChatRequest::new(vec![ChatMessage::user(prompt.user.as_str())]).with_system(prompt.system)
}

/// Returns the options. No temperature is sent, because some models refuse any but their own.
fn options() -> ChatOptions {
    ChatOptions::default().with_max_tokens(TOKENS_OUT_MAX).with_capture_usage(true)
}

fn to_provider_error(error: &genai::Error) -> ProviderError {
    // a stream wraps the response to its request
    if let genai::Error::WebStream { error, .. } = error {
        return error.downcast_ref::<genai::Error>().map_or(ProviderError::Transport, to_provider_error);
    }
    if let Some(status) = error.status() {
        let header = error.headers().and_then(|headers| headers.get("retry-after"));
        let seconds = header.and_then(|value| value.to_str().ok()?.parse().ok());
        return ProviderError::Status {
            status: status.as_u16(),
            retry_after: seconds.map(Duration::from_secs),
        };
    }
    match error {
        genai::Error::WebModelCall { webc_error: webc::Error::Reqwest(error), .. } if error.is_timeout() => {
            ProviderError::Timeout
        }
        genai::Error::WebModelCall { webc_error: webc::Error::Reqwest(_), .. } => ProviderError::Transport,
        _ => ProviderError::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_obey_the_provider_within_limits() {
        let model = ProviderModel::new("ollama", None, None, None).unwrap();
        let network = NetworkProvider::start(&model, ProviderLimits::default()).unwrap();
        for (tried, longest) in [(1, 500), (2, 1_000), (3, 2_000)] {
            let pause = network.retry_delay(tried, &ProviderError::Timeout).as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{tried}: {pause}");
        }
        let asked =
            |seconds| ProviderError::Status { status: 429, retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(network.retry_delay(1, &asked(4)), Duration::from_secs(4));
        assert_eq!(network.retry_delay(1, &asked(4_000)), RETRY_AFTER_MAX);
        assert!(network.retry_delay(1, &asked(0)) >= Duration::from_millis(250));
    }

    #[test]
    fn refused_requests_are_not_retried() {
        let passing = |status| ProviderError::Status { status, retry_after: None }.is_transient();
        assert!([429, 500, 502, 503, 504, 529].into_iter().all(passing));
        assert!(![301, 400, 401, 403, 404, 422].into_iter().any(passing));
    }
}
