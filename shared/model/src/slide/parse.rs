//! Reads the content of a slide from a client's JSON and names the invalid fields.

use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{FieldResult, SlideTypeRules};
use crate::{FieldError, text};

pub(super) fn parse_content<T: SlideTypeRules>(value: &Value) -> FieldResult<T> {
    match value {
        Value::Null => Ok(T::default()),
        Value::Object(fields) if fields.is_empty() => Ok(T::default()),
        Value::Object(_) => parse_validated(&with_normalized_line_breaks(value)),
        _ => Err(vec![FieldError::new("content", "must be an object")]),
    }
}

/// Returns a value with normalised line breaks in all texts. A text of one line refuses them in either form.
fn with_normalized_line_breaks(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text::normalize_line_breaks(text)),
        Value::Array(items) => items.iter().map(with_normalized_line_breaks).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), with_normalized_line_breaks(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn parse_validated<T: DeserializeOwned + Validate<Context = ()>>(value: &Value) -> FieldResult<T> {
    let content: T = serde_path_to_error::deserialize(value)
        .map_err(|error| vec![type_error(&error.path().to_string(), &error.inner().to_string())])?;
    content.validate().map_err(|report| {
        report
            .iter()
            .map(|(path, error)| FieldError::new(format!("content.{path}"), error.message()))
            .collect::<Vec<_>>()
    })?;
    Ok(content)
}

/// Returns an error of serde with the path of its field.
fn type_error(path: &str, message: &str) -> FieldError {
    let inside = if path == "." { "content".to_owned() } else { format!("content.{path}") };
    match message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some(field) => FieldError::new(format!("{inside}.{field}"), "is required"),
        None => FieldError::new(inside, message),
    }
}
