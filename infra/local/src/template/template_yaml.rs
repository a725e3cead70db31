//! Converts YAML with CloudFormation's short tags to JSON in long form: `!Ref X` becomes `{"Ref": "X"}`.

use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

use super::{TemplateError, TemplateResult, scalar_text};

pub(super) fn long_form(text: &str) -> TemplateResult<Value> {
    let yaml: Yaml =
        serde_yaml_ng::from_str(text).map_err(|error| TemplateError::new("the file", error.to_string()))?;
    convert_value(yaml, "")
}

fn convert_value(yaml: Yaml, path: &str) -> TemplateResult<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(bool) => Value::Bool(bool),
        Yaml::String(text) => Value::String(text),
        Yaml::Number(_) => {
            serde_json::to_value(&yaml).map_err(|error| TemplateError::new(path, error.to_string()))?
        }
        Yaml::Sequence(items) => Value::Array(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| convert_value(item, &format!("{path}[{index}]")))
                .collect::<TemplateResult<_>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = key_text(key, path)?;
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                map.insert(key, convert_value(value, &inner)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = convert_value(tagged.value, path)?;
            let (name, value) = match tag {
                "Ref" | "Condition" => (tag.to_owned(), value),
                "GetAtt" => ("Fn::GetAtt".to_owned(), attribute_path(value, path)?),
                other => (format!("Fn::{other}"), value),
            };
            Value::Object(Map::from_iter([(name, value)]))
        }
    })
}

/// Splits `Queue.Arn` into `["Queue", "Arn"]`, because `!GetAtt Queue.Arn` is short for it.
fn attribute_path(value: Value, path: &str) -> TemplateResult<Value> {
    let Value::String(text) = value else { return Ok(value) };
    let (id, name) =
        text.split_once('.').ok_or_else(|| TemplateError::new(path, "!GetAtt needs Resource.Attribute"))?;
    Ok(serde_json::json!([id, name]))
}

fn key_text(key: Yaml, path: &str) -> TemplateResult<String> {
    match convert_value(key, path)? {
        Value::String(text) => Ok(text),
        other => scalar_text(&other).ok_or_else(|| TemplateError::new(path, "a key that is not a scalar")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_their_long_form() {
        let text = "a: !Ref X\nb: !GetAtt Q.Arn\nc: !If [Has, !Sub 'x${Y}', 2]\n200: yes\n";
        let expected = serde_json::json!({
            "a": {"Ref": "X"},
            "b": {"Fn::GetAtt": ["Q", "Arn"]},
            "c": {"Fn::If": ["Has", {"Fn::Sub": "x${Y}"}, 2]},
            "200": "yes",
        });
        assert_eq!(long_form(text).unwrap(), expected);
        let error = long_form("A: {B: [1, !GetAtt Queue]}").unwrap_err();
        assert_eq!(error.to_string(), "template: A.B[1]: !GetAtt needs Resource.Attribute");
    }
}
