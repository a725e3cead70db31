//! Validation that several requests share.

use model::{Error, ErrorCode, presentation::Slug};

/// Refuses a text that is empty or contains only white space. A rule for garde.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context by reference")]
pub(crate) fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// Returns the error for a slug that another presentation has.
pub(crate) fn slug_taken_error() -> Error {
    Error::conflict(ErrorCode::SlugTaken, "another presentation has this slug")
}

/// Parses the slug that the owner chose.
///
/// # Errors
/// `Invalid` for `slug`.
pub(crate) fn parse_slug(text: &str) -> Result<Slug, Error> {
    let why = "must have 3 to 100 lower-case letters and digits, with single hyphens between them";
    Slug::parse(text).ok_or_else(|| Error::field("slug", why))
}
