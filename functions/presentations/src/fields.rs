//! What several inputs share.

use model::{Error, ErrorCode, presentation::Slug};
use serde::{Deserialize, Deserializer};

/// Absent leaves, `null` clears.
pub(crate) type Clearable = Option<Option<String>>;

pub(crate) fn clearable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Clearable, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A rule of garde: something to read is there, and not only space.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
pub(crate) fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

pub(crate) fn slug_taken_error() -> Error {
    Error::conflict(ErrorCode::SlugTaken, "another presentation has this slug")
}

/// A slug that someone chose.
pub(crate) fn parse_slug(text: &str) -> Result<Slug, Error> {
    let why = "has 3 to 100 lower-case letters, digits and single hyphens between them";
    Slug::parse(text).ok_or_else(|| Error::field("slug", why))
}
