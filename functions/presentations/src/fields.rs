//! What several inputs share.

use model::{Error, presentation::Slug};

/// A rule of garde: something to read is there, and not only space.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
pub(crate) fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

/// A slug that someone chose.
pub(crate) fn parse_slug(text: &str) -> Result<Slug, Error> {
    let why = "has 3 to 100 lower-case letters, digits and single hyphens between them";
    Slug::parse(text).ok_or_else(|| Error::field("slug", why))
}
