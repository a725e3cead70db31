//! Who answers, as an operator says it (`template.yaml`: `MODEL_PROVIDER`, `MODEL_NAME`, `MODEL_KEY`, `MODEL_URL`, and the
//! same four with `MODEL_FALLBACK` instead of `MODEL_PROVIDER`).

use std::{fmt, str::FromStr, time::Duration};

use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Why a model cannot be used. Says which value is wrong, never the key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAiSetting {
    #[error("provider: is none of extractive, openai, anthropic, gemini, ollama")]
    Provider,
    #[error("key: {0} needs one")]
    KeyMissing(Provider),
    #[error("url: must be an http or https URL with a host and without a user, query or fragment")]
    Url,
    #[error("the HTTP client cannot start: {0}")]
    Client(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Built in: no model, no network, no key.
    Extractive,
    OpenAi,
    Anthropic,
    Gemini,
    /// On machines of the operator. Its window must hold our prompts, and it does not say when it does not: set
    /// `OLLAMA_CONTEXT_LENGTH` to 8192 there.
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

    /// Small models that answer without thinking first: an audience waits.
    const fn default_model(self) -> &'static str {
        match self {
            Self::Extractive => "bm25",
            Self::OpenAi => "gpt-4o-mini",
            Self::Anthropic => "claude-haiku-4-5",
            Self::Gemini => "gemini-2.5-flash-lite",
            Self::Ollama => "llama3.2",
        }
    }

    /// Where its API stands. Each with a `/` at its end, as `genai` appends to it.
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
    /// Absent or empty values are the provider's defaults.
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

/// An operator may name any host, also a private one (Ollama next door); where it redirects to is not followed
/// (`network`, RELIABILITY 22).
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

/// How long and how often a provider is asked. The default is contract presentations A3.5.
///
/// The longest that a call takes before the fallback is asked: `tries × call` and the waits between them (10 s where a
/// provider asks for it), so 110 s for most providers and 200 s for Ollama. A worker's time and its queue's visibility
/// timeout must be longer.
#[derive(Clone, Copy, Debug)]
pub struct ProviderLimits {
    /// From the request to the last byte of the answer, for one try.
    pub call: Duration,
    /// The same for Ollama, which may have to load its model first.
    pub call_of_ollama: Duration,
    /// Between two pieces of a stream.
    pub idle: Duration,
    /// In all, not "again".
    pub tries: u32,
    /// Before the second try; doubles, with jitter.
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

/// Of a deployment.
#[derive(Clone, Debug)]
pub struct AssistantSettings {
    pub model: ProviderModel,
    /// Asked when the model fails; without one the failure is the answer (503).
    pub fallback: Option<ProviderModel>,
    pub limits: ProviderLimits,
}

impl AssistantSettings {
    /// A model that falls back to the extractive provider.
    pub fn new(model: ProviderModel) -> Self {
        Self { model, fallback: Some(ProviderModel::extractive()), limits: ProviderLimits::default() }
    }
}

impl Default for AssistantSettings {
    /// What needs nothing.
    fn default() -> Self {
        Self::new(ProviderModel::extractive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_needs_a_key_does_not_start_without() {
        for provider in ["openai", "anthropic", "gemini"] {
            let wrong = ProviderModel::new(provider, None, None, None).unwrap_err();
            assert_eq!(wrong.to_string(), format!("key: {provider} needs one"));
            assert!(ProviderModel::new(provider, None, Some("k".into()), None).is_ok());
        }
        assert!(ProviderModel::new("ollama", None, None, None).is_ok());
        assert!(ProviderModel::new("extractive", Some(""), None, Some("")).is_ok());
        assert_eq!(ProviderModel::new("skynet", None, None, None).unwrap_err(), InvalidAiSetting::Provider);
    }

    #[test]
    fn a_url_is_a_base_and_nothing_else() {
        let url = |url| ProviderModel::new("ollama", None, None, Some(url)).map(|model| model.url);
        assert_eq!(url("http://10.0.0.3:11434").unwrap(), "http://10.0.0.3:11434/");
        assert_eq!(url("https://proxy.example/v1/").unwrap(), "https://proxy.example/v1/");
        for wrong in ["ftp://x/", "file:///etc/passwd", "x", "http://u:p@x/", "http://x/?a=1", "http://x/#a"]
        {
            assert_eq!(url(wrong).unwrap_err(), InvalidAiSetting::Url, "{wrong}");
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let model = ProviderModel::new("openai", None, Some("sk-secret".into()), None).unwrap();
        assert!(!format!("{model:?}").contains("sk-secret"));
    }
}
