//! The part of `template.yaml` that the test kit needs. `infra/local` reads the whole template.

use std::fs;

use anyhow::Context as _;
use emulator::{QueueSpec, TableSpec};
use serde_json::Value;
use serde_yaml_ng::{Mapping, Value as Yaml};

use crate::repository;

pub(crate) struct TestTemplate {
    table: Value,
    queues: Vec<QueueSpec>,
    /// Variable → name of the queue whose URL is its value.
    env_vars: Vec<(String, String)>,
}

impl TestTemplate {
    pub(crate) fn of_repository() -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join("template.yaml")).context("template.yaml")?;
        let template: Yaml = serde_yaml_ng::from_str(&text).context("template.yaml")?;
        let resources = mapping(&template["Resources"], "Resources")?;
        // the properties of the table have no CloudFormation tags
        let table = serde_json::to_value(&resources["Table"]["Properties"]).context("Resources.Table")?;
        let queues: Vec<(&str, QueueSpec)> = resources
            .iter()
            .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::SQS::Queue"))
            .filter_map(|(id, resource)| id.as_str().map(|id| (id, queue_spec(id, &resource["Properties"]))))
            .collect();
        let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
        let variables = mapping(variables, "Globals.Function.Environment.Variables")?;
        let settings = variables
            .iter()
            .filter_map(|(setting, value)| {
                let id = referenced_id(value)?;
                let (_, queue) = queues.iter().find(|(known, _)| *known == id)?;
                Some((setting.as_str()?.to_owned(), queue.name.clone()))
            })
            .collect();
        Ok(Self { table, env_vars: settings, queues: queues.into_iter().map(|(_, queue)| queue).collect() })
    }

    pub(crate) fn table(&self, name: &str) -> TableSpec {
        TableSpec { name: name.to_owned(), definition: self.table.clone() }
    }

    pub(crate) fn queues(&self) -> Vec<QueueSpec> {
        self.queues.clone()
    }

    pub(crate) fn queue_env_vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.env_vars.iter().map(|(setting, queue)| (setting.as_str(), queue.as_str()))
    }
}

/// Builds a queue without its redrive, because no worker receives from it automatically.
fn queue_spec(id: &str, properties: &Yaml) -> QueueSpec {
    let fifo = properties["FifoQueue"].as_bool() == Some(true);
    QueueSpec {
        name: if fifo { format!("{id}.fifo") } else { id.to_owned() },
        fifo,
        content_based_deduplication: properties["ContentBasedDeduplication"].as_bool() == Some(true),
        deduplicate_per_group: properties["DeduplicationScope"].as_str() == Some("messageGroup"),
        ..QueueSpec::default()
    }
}

/// Returns the id in `!Ref Id`.
fn referenced_id(value: &Yaml) -> Option<&str> {
    let Yaml::Tagged(tagged) = value else { return None };
    tagged.value.as_str().filter(|_| tagged.tag == "Ref")
}

fn mapping<'a>(value: &'a Yaml, path: &str) -> anyhow::Result<&'a Mapping> {
    value.as_mapping().with_context(|| format!("template.yaml: {path} is not a map"))
}
