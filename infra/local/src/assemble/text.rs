//! Writes YAML values.

use std::mem;

use anyhow::bail;
use serde_yaml_ng::{
    Value as Yaml,
    value::{Tag, TaggedValue},
};

/// The maximum line length of a list or statement. The limit of the template is 160.
const WIDTH: usize = 140;

/// A tagged value, such as `!Ref Table`.
pub(super) fn tagged(tag: &str, value: &str) -> Yaml {
    Yaml::Tagged(Box::new(TaggedValue { tag: Tag::new(tag), value: Yaml::String(value.to_owned()) }))
}

/// A value on one line, in flow style.
pub(super) fn inline(value: &Yaml) -> anyhow::Result<String> {
    Ok(match value {
        Yaml::Null => "null".to_owned(),
        Yaml::Bool(bool) => bool.to_string(),
        Yaml::Number(number) => number.to_string(),
        Yaml::String(text) => scalar(text),
        Yaml::Sequence(items) => {
            let items: Vec<String> = items.iter().map(inline).collect::<anyhow::Result<_>>()?;
            list(&items)
        }
        Yaml::Mapping(entries) => {
            let mut pairs = Vec::new();
            for (key, value) in entries {
                let Some(key) = key.as_str() else { bail!("the key {key:?} is not text") };
                pairs.push(format!("{}: {}", scalar(key), inline(value)?));
            }
            format!("{{{}}}", pairs.join(", "))
        }
        Yaml::Tagged(tagged) => format!("{} {}", tagged.tag, inline(&tagged.value)?),
    })
}

/// A scalar. It is quoted unless every YAML parser reads it as this text.
pub(super) fn scalar(text: &str) -> String {
    const OTHER_VALUES: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let safe = |letter: char| letter.is_ascii_alphanumeric() || " _-./()".contains(letter);
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !OTHER_VALUES.contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// A JSON string, which is also a YAML string in double quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value as JSON on one line.
pub(super) fn json(value: &Yaml) -> anyhow::Result<String> {
    Ok(match value {
        Yaml::Sequence(items) => {
            let items: Vec<String> = items.iter().map(json).collect::<anyhow::Result<_>>()?;
            list(&items)
        }
        Yaml::Mapping(entries) => {
            let pair = |(key, value)| anyhow::Ok(format!("{}: {}", json(key)?, json(value)?));
            let pairs: Vec<String> = entries.iter().map(pair).collect::<anyhow::Result<_>>()?;
            format!("{{{}}}", pairs.join(", "))
        }
        scalar => serde_json::to_string(scalar)?,
    })
}

/// A list on one line, `[a, b]`.
pub(super) fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// A list that is wrapped at the maximum line length and indented.
pub(super) fn wrapped_list(items: &[String], indent: usize) -> String {
    let indent = indent + 1;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for item in items {
        if !line.is_empty() && !fits(indent, &format!("{line} {item},")) {
            lines.push(mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(item);
        line.push(',');
    }
    lines.push(line);
    let text = lines.join(&format!("\n{:indent$}", ""));
    format!("[{}]", text.trim_end_matches(','))
}

/// Returns true if the text fits into a line at this indentation.
pub(super) fn fits(indent: usize, text: &str) -> bool {
    indent + text.len() <= WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_tags_and_types() {
        let value = "{a: !Ref B, c: [1, true, \"true\", 5xx], d: !If [Has, !Sub \"${X}: y\", \"\"]}";
        let parsed: Yaml = serde_yaml_ng::from_str(value).unwrap();
        let written = inline(&parsed).unwrap();
        assert_eq!(serde_yaml_ng::from_str::<Yaml>(&written).unwrap(), parsed);
        assert_eq!(written, value.replace("5xx", "\"5xx\""));
    }

    #[test]
    fn a_long_list_is_wrapped() {
        let items: Vec<String> = (0..40).map(|number| format!("partition-{number}")).collect();
        let text = wrapped_list(&items, 22);
        assert!(text.lines().count() > 1 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let parsed: Vec<String> = serde_yaml_ng::from_str(&text).unwrap();
        assert_eq!(parsed, items);
    }
}
