//! What several inputs share.

use model::channel::{self, ChannelName};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
pub(crate) fn name(value: &str, (): &()) -> garde::Result {
    ChannelName::parse(value).map(drop).map_err(garde::Error::new)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
pub(crate) fn description(value: &str, (): &()) -> garde::Result {
    channel::parse_description(value).map(drop).map_err(garde::Error::new)
}

/// A value that has passed its rule, in its own type.
pub(crate) fn parse_field<T>(
    field: &'static str,
    value: &str,
    rule: fn(&str) -> Result<T, &'static str>,
) -> Result<T, model::Error> {
    rule(value).map_err(|why| model::Error::field(field, why))
}
