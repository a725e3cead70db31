//! `ETag` and `If-Match` (RFC 9110, 8.8.3 and 13.1.1), by which two clients do not overwrite each other's changes.
//!
//! The tag of a resource is made of its kind and its version. It stands for the fields that an operation of the resource
//! changes. A part that has a tag of its own, such as a slide of a presentation, does not change the tag of the whole,
//! so two people can edit two slides. `If-None-Match` is not supported. Responses are not stored by caches (`no-store`),
//! and the body may show more than the tag stands for.

use std::{convert::Infallible, fmt};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponseParts, ResponseParts},
};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use model::{Error, ExpectedVersion};

use super::error::ApiError;

/// The strong tag of a resource. As a part of a response it is the header `ETag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag {
    kind: &'static str,
    version: u64,
}

impl EntityTag {
    /// Makes the tag of a resource. `kind` is the name of its type, in letters.
    pub const fn new(kind: &'static str, version: u64) -> Self {
        Self { kind, version }
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}-{}\"", self.kind, self.version)
    }
}

impl IntoResponseParts for EntityTag {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(value) = HeaderValue::from_str(&self.to_string()) {
            parts.headers_mut().insert(header::ETAG, value);
        }
        Ok(parts)
    }
}

/// The header `If-Match` of a request. The extractor answers 400 for a header that is not of its grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// The header is absent, or is `*`. The operations answer 404 for a resource that does not exist, as without it.
    Any,
    /// The strong tags of the header. Weak tags never match (RFC 9110, 13.1.1).
    OneOf(Vec<String>),
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::from_headers(&parts.headers)?)
    }
}

impl IfMatch {
    fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        let lines: Vec<&[u8]> = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes).collect();
        if lines.is_empty() {
            return Ok(Self::Any);
        }
        let whole = lines.join(&b","[..]);
        if whole.trim_ascii() == b"*" {
            return Ok(Self::Any);
        }
        let tags = strong_tags(&whole).ok_or_else(|| {
            Error::Malformed("`If-Match` must be `*` or a list of entity tags, such as `\"slide-3\"`".into())
        })?;
        Ok(Self::OneOf(tags))
    }

    /// Returns the versions of a resource of this kind that the client expects.
    pub fn expected(&self, kind: &'static str) -> ExpectedVersion {
        let Self::OneOf(tags) = self else { return ExpectedVersion::Any };
        let version_of = |tag: &String| {
            let version = tag.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()?;
            // only the spelling that the server sends
            (EntityTag::new(kind, version).to_string() == format!("\"{tag}\"")).then_some(version)
        };
        ExpectedVersion::OneOf(tags.iter().filter_map(version_of).collect())
    }
}

/// Returns the strong tags of a list, without quotes. Returns `None` if the text is no list of entity tags. Empty
/// elements are ignored (RFC 9110, 5.6.1).
fn strong_tags(list: &[u8]) -> Option<Vec<String>> {
    let mut rest = list;
    let mut strong = Vec::new();
    let mut count = 0;
    let mut after_tag = false;
    loop {
        rest = rest.trim_ascii_start();
        match rest {
            [] => return (count > 0).then_some(strong),
            [b',', after @ ..] => {
                rest = after;
                after_tag = false;
            }
            _ if after_tag => return None,
            _ => {
                let is_weak = rest.starts_with(b"W/");
                let quoted = if is_weak { &rest[2..] } else { rest };
                let text = quoted.strip_prefix(b"\"")?;
                let end = text.iter().position(|byte| *byte == b'"')?;
                let (tag, after) = (&text[..end], &text[end + 1..]);
                if !tag.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)) {
                    return None;
                }
                if !is_weak {
                    strong.push(String::from_utf8_lossy(tag).into_owned());
                }
                count += 1;
                rest = after;
                after_tag = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<IfMatch, Error> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_MATCH, HeaderValue::from_str(line).unwrap());
        }
        IfMatch::from_headers(&headers)
    }

    fn expected(lines: &[&str]) -> ExpectedVersion {
        read(lines).unwrap().expected("slide")
    }

    #[test]
    fn tags_of_a_resource_are_its_expected_versions() {
        use ExpectedVersion::{Any, OneOf};
        assert_eq!(EntityTag::new("slide", 3).to_string(), "\"slide-3\"");
        assert_eq!((expected(&[]), expected(&["*"]), expected(&[" * "])), (Any, Any, Any));
        assert_eq!(expected(&["\"slide-3\""]), OneOf(vec![3]));
        assert_eq!(expected(&["\"slide-3\" , \"slide-4\""]), OneOf(vec![3, 4]));
        assert_eq!(expected(&["\"slide-3\"", "\"slide-4\""]), OneOf(vec![3, 4]), "two lines are one list");
        assert_eq!(expected(&[",, \"slide-3\",,"]), OneOf(vec![3]), "empty elements are ignored");
        assert_eq!(expected(&["\"a,b\", \"slide-3\""]), OneOf(vec![3]), "a tag may contain a comma");
        // a weak tag, another kind, and other spellings match nothing
        for other in ["W/\"slide-3\"", "\"channel-3\"", "\"slide-03\"", "\"slide-+3\"", "\"slide-\"", "\"\""]
        {
            assert_eq!(expected(&[other]), OneOf(Vec::new()), "{other}");
        }
        assert_eq!(expected(&["W/\"slide-3\", \"slide-4\""]), OneOf(vec![4]));
    }

    #[test]
    fn a_header_of_another_grammar_is_refused() {
        for bad in [
            "",
            ",",
            "slide-3",
            "'slide-3'",
            "\"slide-3",
            "slide-3\"",
            "\"a\" \"b\"",
            "\"a b\"",
            "*, \"a\"",
            "w/\"a\"",
            "W/",
            "W/ \"a\"",
            "\"a\"x",
        ] {
            assert!(matches!(read(&[bad]), Err(Error::Malformed(_))), "{bad}");
        }
        assert!(matches!(read(&["*", "*"]), Err(Error::Malformed(_))));
    }

    #[test]
    fn a_sent_tag_is_read_again() {
        for version in [0, 1, 12_345, u64::MAX] {
            let tag = EntityTag::new("slide", version).to_string();
            assert_eq!(expected(&[&tag]), ExpectedVersion::OneOf(vec![version]));
        }
    }
}
