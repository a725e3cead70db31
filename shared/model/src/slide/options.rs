//! The options of a slide and the choice among them.

use std::collections::HashSet;

use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{FieldResult, not_blank};
use crate::{FieldError, text};

/// An option of a slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct ChoiceOption {
    /// The id of the option, unique within the slide.
    #[garde(length(chars, max = 100), custom(not_blank), custom(text::line))]
    pub id: String,
    /// The text of the option.
    #[garde(length(chars, max = 200), custom(not_blank), custom(text::line))]
    pub text: String,
    /// The position of the option in the list, from 0.
    #[garde(skip)]
    pub order: u32,
}

/// An option as a client sends it. The id defaults to the first free one of `opt1`, `opt2` and so on, the order to the
/// position in the list.
#[derive(Deserialize)]
struct ChoiceOptionInput {
    id: Option<String>,
    text: String,
    order: Option<u32>,
}

/// Deserializes options, for `deserialize_with`.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ChoiceOption>, D::Error> {
    let written = Vec::<ChoiceOptionInput>::deserialize(deserializer)?;
    let taken: HashSet<String> = written.iter().filter_map(|option| option.id.clone()).collect();
    let mut free = (1..).map(|n| format!("opt{n}")).filter(|id| !taken.contains(id));
    let options = (0..).zip(written).map(|(place, ChoiceOptionInput { id, text, order })| ChoiceOption {
        id: id.or_else(|| free.next()).unwrap_or_default(),
        text,
        order: order.unwrap_or(place),
    });
    Ok(options.collect())
}

/// Checks that the ids of options are unique (a rule of garde).
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
pub(super) fn unique(options: &[ChoiceOption], (): &()) -> garde::Result {
    let mut seen = HashSet::new();
    match options.iter().find(|option| !seen.insert(&option.id)) {
        Some(_) => Err(garde::Error::new("must have unique ids")),
        None => Ok(()),
    }
}

/// Returns the options of a new slide.
pub(super) fn default_options() -> Vec<ChoiceOption> {
    [1, 2].map(|n| ChoiceOption { id: format!("opt{n}"), text: format!("Option {n}"), order: n - 1 }).into()
}

/// Returns the ids of the options.
pub(super) fn ids(options: &[ChoiceOption]) -> Vec<&str> {
    options.iter().map(|option| option.id.as_str()).collect()
}

/// Returns the readable texts, which are the question and its options.
pub(super) fn texts<'a>(question: &'a str, options: &'a [ChoiceOption]) -> Vec<&'a str> {
    std::iter::once(question).chain(options.iter().map(|option| option.text.as_str())).collect()
}

/// Reads the chosen options of a response under the first present of these names. It accepts one or up to `most` known
/// ids without duplicates.
///
/// # Errors
/// Returns every invalid field, for example `content.selected[0]`.
pub(super) fn parse_selection(
    answer: &Value,
    names: &[&str],
    known: &[&str],
    most: usize,
) -> FieldResult<Vec<String>> {
    let Some(fields) = answer.as_object() else {
        return Err(vec![FieldError::new("content", "must be an object with the selected options")]);
    };
    let found = names.iter().find_map(|name| Some((name, fields.get(*name)?)));
    let Some((name, given)) = found else {
        let name = names.first().copied().unwrap_or("selected");
        return Err(vec![FieldError::new(format!("content.{name}"), "is required")]);
    };
    let path = format!("content.{name}");
    let invalid = |message: &str| Err(vec![FieldError::new(path.as_str(), message)]);
    let given = match given {
        Value::String(_) => std::slice::from_ref(given),
        Value::Array(ids) => ids.as_slice(),
        _ => return invalid("must be a list of option ids"),
    };
    match given.len() {
        0 => return invalid("must name an option"),
        many if many <= most => {}
        _ if most == 1 => return invalid("must name one option only"),
        _ => return invalid("must not name more options than the slide has"),
    }
    let mut chosen: Vec<String> = Vec::with_capacity(given.len());
    let mut errors = Vec::new();
    for (index, id) in given.iter().enumerate() {
        match id.as_str().filter(|id| known.contains(id)) {
            None => {
                errors.push(FieldError::new(format!("{path}[{index}]"), "must be an option of this slide"));
            }
            Some(id) if chosen.iter().any(|before| before == id) => {
                errors.push(FieldError::new(format!("{path}[{index}]"), "must not be repeated"));
            }
            Some(id) => chosen.push(id.to_owned()),
        }
    }
    if errors.is_empty() { Ok(chosen) } else { Err(errors) }
}
