//! Reads the JSON of policy documents: elements by name, and values that are a string or a list.

use serde_json::{Map, Value};

/// Fails with the name of the first element that is not in `known`.
pub(super) fn refuse_unknown_elements(elements: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match elements.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("{name} is not known to the local cloud")),
        None => Ok(()),
    }
}

/// Reads one string or a list of strings.
pub(super) fn string_or_list(value: &Value, name: &str) -> Result<Vec<String>, String> {
    let type_error = || format!("{name} should be a string or a list of strings");
    let texts: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => {
            let texts = texts.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(type_error));
            texts.collect::<Result<_, _>>()?
        }
        Value::Null => return Err(format!("{name} is missing")),
        _ => return Err(type_error()),
    };
    if texts.iter().any(|text| text.contains("${")) {
        return Err(format!("{name}: the local cloud knows no policy variables"));
    }
    Ok(texts)
}
