//! Fields of an update that distinguish a missing field from `null`.

use serde::{Deserialize, Deserializer};

/// A field of an update. `None` keeps the stored value, `Some(None)` clears it, `Some(Some(value))` replaces it.
pub type Clearable<T = String> = Option<Option<T>>;

/// Reads a [`Clearable`] field. Serde alone reads a missing field and `null` both as `None`.
///
/// The field also needs `#[serde(default)]`, because serde calls no deserializer for a missing field.
///
/// # Errors
/// The error of `T` if the value is neither `null` nor a `T`.
pub fn clearable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Clearable<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct UpdateRequest {
        #[serde(default, deserialize_with = "clearable")]
        note: Clearable,
        #[serde(default, deserialize_with = "clearable")]
        count: Clearable<u32>,
    }

    fn parse(body: &str) -> serde_json::Result<UpdateRequest> {
        serde_json::from_str(body)
    }

    #[test]
    fn a_missing_field_keeps_the_value() {
        assert_eq!(parse("{}").unwrap(), UpdateRequest { note: None, count: None });
    }

    #[test]
    fn null_clears_the_value() {
        let update = parse(r#"{"note": null, "count": null}"#).unwrap();
        assert_eq!(update, UpdateRequest { note: Some(None), count: Some(None) });
    }

    #[test]
    fn a_value_replaces_the_value() {
        let update = parse(r#"{"note": "Heron", "count": 3}"#).unwrap();
        assert_eq!(update, UpdateRequest { note: Some(Some("Heron".into())), count: Some(Some(3)) });
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        assert!(parse(r#"{"count": "three"}"#).is_err());
    }
}
