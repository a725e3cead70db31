//! The rules of [`model::user`] as validation of input, for required, optional and clearable fields.

#![expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "garde passes references to rules"
)]

use entry::http::Clearable;
use garde::Error;
use model::user::{self, EmailAddress, Username};

type FieldRule<T> = fn(&str) -> Result<T, &'static str>;

fn validate_each<'a, T>(values: impl IntoIterator<Item = &'a String>, rule: FieldRule<T>) -> garde::Result {
    values.into_iter().try_for_each(|value| rule(value).map(drop).map_err(Error::new))
}

/// Rules in the signature that garde calls, such as `fields::email`.
pub(crate) fn email(value: &str, _: &()) -> garde::Result {
    EmailAddress::parse(value).map(drop).map_err(Error::new)
}

pub(crate) fn maybe_email(value: &Option<String>, _: &()) -> garde::Result {
    validate_each(value, EmailAddress::parse)
}

pub(crate) fn maybe_line(value: &Option<String>, _: &()) -> garde::Result {
    validate_each(value, user::parse_name)
}

pub(crate) fn maybe_avatar(value: &Option<String>, _: &()) -> garde::Result {
    validate_each(value, user::parse_avatar_url)
}

pub(crate) fn maybe_username(value: &Option<String>, _: &()) -> garde::Result {
    validate_each(value, Username::parse)
}

pub(crate) fn clearable_line(value: &Clearable, _: &()) -> garde::Result {
    validate_each(value.iter().flatten(), user::parse_name)
}

pub(crate) fn clearable_avatar(value: &Clearable, _: &()) -> garde::Result {
    validate_each(value.iter().flatten(), user::parse_avatar_url)
}

pub(crate) fn clearable_username(value: &Clearable, _: &()) -> garde::Result {
    validate_each(value.iter().flatten(), Username::parse)
}

/// Parses a value that has passed its rule.
///
/// # Errors
/// `Invalid` for `field` if the rule refuses the value.
pub(crate) fn parse_field<T>(
    field: &'static str,
    value: &str,
    rule: FieldRule<T>,
) -> Result<T, model::Error> {
    rule(value).map_err(|why| model::Error::field(field, why))
}
