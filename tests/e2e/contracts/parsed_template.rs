//! `template.yaml` without resolved references. A CloudFormation tag becomes a map of one entry, whose key is the tag.

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

use crate::world::repository;

/// Returns the whole template.
pub(super) fn parsed_template() -> Value {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    plain_value(serde_yaml_ng::from_str(&text).unwrap())
}

fn plain_value(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => Value::from_iter([(tagged.tag.to_string(), plain_value(tagged.value))]),
        Yaml::Mapping(map) => map
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), plain_value(value)))
            .collect(),
        Yaml::Sequence(list) => list.into_iter().map(plain_value).collect(),
        scalar => serde_json::to_value(scalar).unwrap(),
    }
}

/// The resources of a type, by their logical ids.
pub(super) fn resources_of_type(kind: &str) -> BTreeMap<String, Value> {
    let written = parsed_template();
    let all = written["Resources"].as_object().unwrap().clone().into_iter();
    all.filter(|(_, resource)| resource["Type"] == kind).collect()
}
