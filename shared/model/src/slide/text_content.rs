//! The slide type `content`, which shows text and an optional image.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::SlideTypeRules;
use crate::text;

/// The content of a slide with text and an optional image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(default)]
pub struct TextContent {
    /// The `http` or `https` URL of the image, or a URL relative to the page.
    #[garde(inner(length(chars, min = 1, max = 2048), custom(web_url)))]
    pub image_url: Option<String>,
    /// The text in Markdown.
    #[garde(length(chars, max = 10_000), custom(text::lines))]
    pub text: String,
    #[garde(skip)]
    pub layout: SlideLayout,
}

/// The position of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SlideLayout {
    ImageLeft,
    ImageRight,
    ImageTop,
    #[default]
    TextOnly,
}

impl SlideTypeRules for TextContent {
    fn texts(&self) -> Vec<&str> {
        vec![&self.text]
    }
}

/// Checks that the URL is one of an image (a rule of garde). Every client of an audience opens it, so `javascript:` and
/// similar schemes are refused.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
fn web_url(url: &str, (): &()) -> garde::Result {
    let scheme =
        url.split(['/', '?', '#']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme);
    let known = scheme.is_none_or(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"));
    if known && !url.contains(char::is_control) && url.trim() == url {
        Ok(())
    } else {
        Err(garde::Error::new("must be an http, https or relative URL"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::slide::{SlideContent, SlideType};

    fn fields(value: &serde_json::Value) -> Vec<String> {
        match SlideContent::parse(SlideType::Content, value) {
            Ok(_) => vec![],
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn content_has_limits() {
        assert_eq!(fields(&json!({"text": "ä".repeat(10_000), "layout": "image-top"})), [""; 0]);
        assert_eq!(fields(&json!({"text": "ä".repeat(10_001)})), ["content.text"]);
        assert_eq!(fields(&json!({"layout": "upside-down"})), ["content.layout"]);
        assert_eq!(fields(&json!({"text": null})), ["content.text"]);
        assert_eq!(fields(&json!({"surprise": 1})), [""; 0]);
    }

    #[test]
    fn image_urls_are_http_or_relative() {
        for good in
            ["https://example.com/a.png?x=a:b", "HTTP://example.com", "/v1/images/a.png", "a.png", "a/b:c"]
        {
            assert_eq!(fields(&json!({"image_url": good})), [""; 0], "{good}");
        }
        assert_eq!(fields(&json!({"image_url": null, "text": ""})), [""; 0]);
        for bad in ["javascript:alert(1)", "data:image/png;base64,AA", " javascript:x", "java\nscript:x", ""]
        {
            assert_eq!(fields(&json!({"image_url": bad})), ["content.image_url"], "{bad}");
        }
    }
}
