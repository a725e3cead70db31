//! The settings of the assistant, as the operator gives them in `template.yaml`: `MODEL_PROVIDER`, `MODEL_NAME`,
//! `MODEL_KEY` and `MODEL_URL`, and the same four with `MODEL_FALLBACK` instead of `MODEL_PROVIDER`.

use std::{fmt, str::FromStr, time::Duration};

use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// The reason why a model cannot be used. It names the invalid value and never the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAiSetting {
    #[error("provider: must be extractive, openai, anthropic, gemini or ollama")]
    Provider,
    #[error("key: the provider {0} needs a key")]
    KeyMissing(Provider),
    #[error("url: must be an http or https URL with a host and without a user, query or fragment")]
    Url,
    #[error("the HTTP client cannot start: {0}")]
    Client(String),
}

/// The provider of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The built-in provider, which needs no model, no network and no key.
    Extractive,
    OpenAi,
    Anthropic,
    Gemini,
    /// A model on the operator's machines. Its context window must hold the prompts, and Ollama does not report when it
    /// does not. Set `OLLAMA_CONTEXT_LENGTH` to 8192 there.
    Ollama,
}

impl Provider {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Extractive => "extractive",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Returns the default model, a small one that answers without thinking first, because an audience waits.
    const fn default_model(self) -> &'static str {
        match self {
            Self::Extractive => "bm25",
            Self::OpenAi => "gpt-4o-mini",
            Self::Anthropic => "claude-haiku-4-5",
            Self::Gemini => "gemini-2.5-flash-lite",
            Self::Ollama => "llama3.2",
        }
    }

    /// Returns the base URL of the API. It ends with a `/`, because `genai` appends to it.
    const fn default_url(self) -> &'static str {
        match self {
            Self::Extractive => "",
            Self::OpenAi => "https://api.openai.com/v1/",
            Self::Anthropic => "https://api.anthropic.com/v1/",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta/",
            Self::Ollama => "http://localhost:11434/",
        }
    }

    const fn needs_key(self) -> bool {
        matches!(self, Self::OpenAi | Self::Anthropic | Self::Gemini)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = InvalidAiSetting;

    fn from_str(text: &str) -> Result<Self, InvalidAiSetting> {
        [Self::Extractive, Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Ollama]
            .into_iter()
            .find(|provider| provider.as_str() == text)
            .ok_or(InvalidAiSetting::Provider)
    }
}

/// One model of one provider.
#[derive(Clone, Debug)]
pub struct ProviderModel {
    pub(crate) provider: Provider,
    pub(crate) name: String,
    pub(crate) key: Option<SecretString>,
    pub(crate) url: String,
}

impl ProviderModel {
    /// Makes a model. Absent or empty values become the defaults of the provider.
    ///
    /// # Errors
    /// Returns the invalid setting.
    pub fn new(
        provider: &str,
        name: Option<&str>,
        key: Option<SecretString>,
        url: Option<&str>,
    ) -> Result<Self, InvalidAiSetting> {
        let provider: Provider = provider.parse()?;
        if provider.needs_key() && key.is_none() {
            return Err(InvalidAiSetting::KeyMissing(provider));
        }
        let name = name.filter(|name| !name.is_empty()).unwrap_or(provider.default_model()).to_owned();
        let url = match url.filter(|url| !url.is_empty()) {
            Some(url) => base_url(url)?,
            None => provider.default_url().to_owned(),
        };
        Ok(Self { provider, name, key, url })
    }

    pub fn extractive() -> Self {
        let provider = Provider::Extractive;
        Self { provider, name: provider.default_model().into(), key: None, url: String::new() }
    }
}

/// Checks a base URL. The operator may name any host, also a private one such as a local Ollama. Redirects are not
/// followed (`network_provider`, RELIABILITY 22).
fn base_url(text: &str) -> Result<String, InvalidAiSetting> {
    let url = Url::parse(text).map_err(|_| InvalidAiSetting::Url)?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_plain.then(|| format!("{}/", url.as_str().trim_end_matches('/'))).ok_or(InvalidAiSetting::Url)
}

/// The limits of calls to a provider. The defaults are those of contract presentations A3.5.
///
/// Before the fallback is asked, a call takes at most `tries × call` and the pauses between the tries, which are at
/// most 10 s each. That is 110 s for most providers and 200 s for Ollama. The timeout of the worker and the visibility
/// timeout of its queue must be longer.
#[derive(Clone, Copy, Debug)]
pub struct ProviderLimits {
    /// The time from the request to the last byte of the answer, for one try.
    pub call: Duration,
    /// The same time for Ollama, which may have to load its model first.
    pub call_of_ollama: Duration,
    /// The maximum time between two pieces of a stream.
    pub idle: Duration,
    /// The number of tries, including the first one.
    pub tries: u32,
    /// The pause before the second try. It doubles with every try and has jitter.
    pub backoff: Duration,
}

impl Default for ProviderLimits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            call_of_ollama: Duration::from_mins(1),
            idle: Duration::from_secs(15),
            tries: 3,
            backoff: Duration::from_millis(500),
        }
    }
}

/// The assistant's settings in a deployment.
#[derive(Clone, Debug)]
pub struct AssistantSettings {
    pub model: ProviderModel,
    /// The model that is asked if the first one fails. Without a fallback, the failure is returned (503).
    pub fallback: Option<ProviderModel>,
    pub limits: ProviderLimits,
}

impl AssistantSettings {
    /// Makes settings with a model that falls back to the extractive provider.
    pub fn new(model: ProviderModel) -> Self {
        Self { model, fallback: Some(ProviderModel::extractive()), limits: ProviderLimits::default() }
    }
}

impl Default for AssistantSettings {
    /// Returns the settings of the extractive provider, which needs no configuration.
    fn default() -> Self {
        Self::new(ProviderModel::extractive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_needs_a_key_does_not_start_without_one() {
        for provider in ["openai", "anthropic", "gemini"] {
            let error = ProviderModel::new(provider, None, None, None).unwrap_err();
            assert_eq!(error.to_string(), format!("key: the provider {provider} needs a key"));
            assert!(ProviderModel::new(provider, None, Some("k".into()), None).is_ok());
        }
        assert!(ProviderModel::new("ollama", None, None, None).is_ok());
        assert!(ProviderModel::new("extractive", Some(""), None, Some("")).is_ok());
        assert_eq!(ProviderModel::new("skynet", None, None, None).unwrap_err(), InvalidAiSetting::Provider);
    }

    #[test]
    fn only_a_base_url_is_accepted() {
        let url = |url| ProviderModel::new("ollama", None, None, Some(url)).map(|model| model.url);
        assert_eq!(url("http://10.0.0.3:11434").unwrap(), "http://10.0.0.3:11434/");
        assert_eq!(url("https://proxy.example/v1/").unwrap(), "https://proxy.example/v1/");
        for invalid in
            ["ftp://x/", "file:///etc/passwd", "x", "http://u:p@x/", "http://x/?a=1", "http://x/#a"]
        {
            assert_eq!(url(invalid).unwrap_err(), InvalidAiSetting::Url, "{invalid}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let model = ProviderModel::new("openai", None, Some("sk-secret".into()), None).unwrap();
        assert!(!format!("{model:?}").contains("sk-secret"));
    }
}
