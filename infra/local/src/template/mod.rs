//! Reads the resources of `template.yaml` that the local cloud runs: functions with their permissions, routes, queues,
//! mappings, tables, schedules.
//!
//! It resolves the template as CloudFormation would, for these resources. Other resources, such as alarms and outputs,
//! are ignored. An unknown intrinsic is an error with its path.

mod api_routes;
mod function_policies;
mod functions;
mod intrinsics;
mod secrets;
mod tables_and_queues;
mod template_yaml;

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

pub use api_routes::{HttpRoute, SocketApi};
pub use functions::{EventSourceMapping, FunctionSpec, ScheduleSpec};
pub use secrets::LocalSecrets;
pub(crate) use secrets::write_private;

/// An error in a template, and its path.
#[derive(Debug, thiserror::Error)]
#[error("template: {path}: {why}")]
pub struct TemplateError {
    path: String,
    why: String,
}

impl TemplateError {
    pub(crate) fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}

type TemplateResult<T> = std::result::Result<T, TemplateError>;

/// A template with tags in long form, and the values that resolve it.
pub struct SamTemplate {
    root: Value,
    parameters: BTreeMap<String, String>,
    secrets: LocalSecrets,
    queue_base: String,
}

impl SamTemplate {
    pub fn parse(text: &str, secrets: LocalSecrets) -> TemplateResult<Self> {
        let root = template_yaml::long_form(text)?;
        if !root["Resources"].is_object() {
            return Err(TemplateError::new("Resources", "the template has no resources"));
        }
        let mut template =
            Self { root, parameters: BTreeMap::new(), secrets, queue_base: "http://127.0.0.1/queues".into() };
        template.parameters = template.parameter_defaults()?;
        Ok(template)
    }

    /// Reads a template. Without a path, reads `template.yaml` in the working directory, or else the template of the
    /// build.
    pub fn read(path: Option<&Path>, secrets: LocalSecrets) -> anyhow::Result<Self> {
        let text = match path {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| anyhow::anyhow!("cannot read the template {}: {error}", path.display()))?,
            None => std::fs::read_to_string("template.yaml")
                .unwrap_or_else(|_| include_str!("../../../../template.yaml").to_owned()),
        };
        Ok(Self::parse(&text, secrets)?)
    }

    /// Sets parameters. Fails if the template does not declare one of them.
    pub fn set_parameters<I, K, V>(&mut self, values: I) -> TemplateResult<()>
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<String>,
        V: Into<String>,
    {
        for (name, value) in values {
            let name = name.into();
            if self.root["Parameters"].get(&name).is_none() {
                return Err(TemplateError::new("Parameters", format!("there is no parameter {name}")));
            }
            self.parameters.insert(name, value.into());
        }
        Ok(())
    }

    /// Sets the base of queue URLs, `{base}/{queue name}`. It is known after the queues have started.
    pub fn set_queue_base_url(&mut self, base: impl Into<String>) {
        self.queue_base = base.into();
    }

    fn parameter_defaults(&self) -> TemplateResult<BTreeMap<String, String>> {
        let Some(declared) = self.root["Parameters"].as_object() else { return Ok(BTreeMap::new()) };
        let with_default =
            declared.iter().filter_map(|(name, parameter)| Some((name, parameter.get("Default")?)));
        with_default
            .map(|(name, default)| {
                let text = scalar_text(default).ok_or_else(|| {
                    TemplateError::new(format!("Parameters.{name}.Default"), "not a scalar")
                })?;
                Ok((name.clone(), text))
            })
            .collect()
    }

    /// The resources of a type whose condition holds, with their logical ids.
    fn resources<'a>(&'a self, kind: &'a str) -> TemplateResult<Vec<TemplateResource<'a>>> {
        let Some(all) = self.root["Resources"].as_object() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (id, resource) in all {
            if resource["Type"] == kind && self.condition_of_resource_holds(id)? {
                found.push(TemplateResource { id, body: resource });
            }
        }
        Ok(found)
    }

    fn resource(&self, id: &str) -> Option<TemplateResource<'_>> {
        let (id, body) = self.root["Resources"].as_object()?.get_key_value(id)?;
        Some(TemplateResource { id, body })
    }
}

/// An entry of `Resources`.
#[derive(Clone, Copy)]
struct TemplateResource<'a> {
    id: &'a str,
    body: &'a Value,
}

impl<'a> TemplateResource<'a> {
    fn kind(self) -> &'a str {
        self.body["Type"].as_str().unwrap_or_default()
    }

    fn property(self, name: &str) -> &'a Value {
        &self.body["Properties"][name]
    }

    fn property_path(self, rest: &str) -> String {
        format!("Resources.{}.Properties.{rest}", self.id)
    }
}

/// Strings, numbers and booleans as text, as CloudFormation passes them on.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The repository's template.
    pub(crate) fn repository_template() -> SamTemplate {
        SamTemplate::parse(include_str!("../../../../template.yaml"), LocalSecrets::in_memory()).unwrap()
    }

    #[test]
    fn unknown_parameters_and_empty_templates_are_refused() {
        let error = repository_template().set_parameters([("Colour", "red")]).unwrap_err();
        assert_eq!(error.to_string(), "template: Parameters: there is no parameter Colour");
        assert!(SamTemplate::parse("Outputs: {}", LocalSecrets::in_memory()).is_err());
        assert!(SamTemplate::parse("a: [", LocalSecrets::in_memory()).is_err());
    }
}
