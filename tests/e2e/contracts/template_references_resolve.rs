//! Names in `template.yaml`. Every referenced name is declared, and every declared name is referenced.

use std::collections::BTreeSet;

use serde_json::Value;

use super::parsed_template::parsed_template;

fn add_reference(text: &str, names: &mut BTreeSet<String>) {
    let name = text.split('.').next().unwrap_or_default();
    if !name.starts_with("AWS::") {
        names.insert(name.to_owned());
    }
}

/// Collects the names in references, attributes and substitutions, without the pseudo parameters of CloudFormation.
fn referenced_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("!Ref" | "!GetAtt" | "!Condition" | "DependsOn", Value::String(text)) => {
                        add_reference(text, names);
                    }
                    ("Condition", Value::String(text)) => add_reference(text, names),
                    ("!Sub", Value::String(text)) => {
                        for part in text.split("${").skip(1) {
                            add_reference(part.split('}').next().unwrap_or_default(), names);
                        }
                    }
                    // a text and the values of its own names
                    ("!Sub", Value::Array(parts)) => referenced_names(&parts[1], names),
                    ("!If", Value::Array(parts)) => {
                        add_reference(parts[0].as_str().unwrap_or_default(), names);
                        parts[1..].iter().for_each(|part| referenced_names(part, names));
                    }
                    (_, value) => referenced_names(value, names),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|each| referenced_names(each, names)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    let written = parsed_template();
    let mut names = BTreeSet::new();
    for section in ["Conditions", "Globals", "Resources", "Outputs", "Rules"] {
        referenced_names(&written[section], &mut names);
    }
    let exists = |name: &String| {
        ["Parameters", "Resources", "Conditions"].iter().any(|section| written[section].get(name).is_some())
    };
    let missing: Vec<&String> = names.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // every parameter and condition is used
    let of = |section: &str| written[section].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let unused: Vec<String> = [of("Parameters"), of("Conditions")].concat();
    let unused: Vec<&String> = unused.iter().filter(|name| !names.contains(*name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
