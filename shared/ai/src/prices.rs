//! The list prices of tokens in US dollars per million tokens, without discounts for caches or batches.
//!
//! Collected lists of April to July 2026 agree on them (t3dotgg's gist of models, `data/prices.json` of
//! cuihuan/llm-gateway-bench). Their sources are openai.com/api/pricing, docs.claude.com (about-claude/pricing) and
//! ai.google.dev/gemini-api/docs/pricing. The cost of a model without a price is unknown, not zero.

use crate::Provider;

/// The prices in millionths of a dollar per million tokens, in and out. A name also matches its dated versions
/// (`-2025-04-14`).
const PRICES: [(&str, u64, u64); 9] = [
    ("gpt-4o-mini", 150_000, 600_000),
    ("gpt-4o", 2_500_000, 10_000_000),
    ("gpt-4.1", 2_000_000, 8_000_000),
    ("gpt-4.1-mini", 400_000, 1_600_000),
    ("gpt-4.1-nano", 100_000, 400_000),
    ("claude-haiku-4-5", 1_000_000, 5_000_000),
    ("claude-sonnet-4-5", 3_000_000, 15_000_000),
    ("gemini-2.5-flash", 300_000, 2_500_000),
    ("gemini-2.5-flash-lite", 100_000, 400_000),
];

/// Returns the cost, rounded up to a millionth of a dollar. Models on the operator's own machines cost nothing here.
pub(crate) fn cost_micros(provider: Provider, model: &str, tokens_in: u64, tokens_out: u64) -> Option<u64> {
    if matches!(provider, Provider::Extractive | Provider::Ollama) {
        return Some(0);
    }
    let (_, price_in, price_out) = PRICES.iter().find(|(name, ..)| {
        model.strip_prefix(name).is_some_and(|version| {
            version.is_empty() || version.strip_prefix('-').is_some_and(|rest| rest.starts_with("20"))
        })
    })?;
    let cost = tokens_in.saturating_mul(*price_in).saturating_add(tokens_out.saturating_mul(*price_out));
    Some(cost.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_models_have_a_price() {
        let cost = |model| cost_micros(Provider::OpenAi, model, 1_000, 100);
        assert_eq!(cost("gpt-4o-mini"), Some(210));
        assert_eq!(cost("gpt-4o-mini-2024-07-18"), Some(210));
        assert_eq!(cost("gpt-4o"), Some(3_500));
        assert_eq!(cost("gpt-4o-audio"), None);
        assert_eq!(cost("gpt-9"), None);
        assert_eq!(cost_micros(Provider::OpenAi, "gpt-4o-mini", 1, 0), Some(1));
        assert_eq!(cost_micros(Provider::Ollama, "llama3.2", 1_000, 100), Some(0));
    }
}
