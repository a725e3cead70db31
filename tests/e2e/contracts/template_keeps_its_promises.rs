//! What no rehearsal checks (DESIGN 7) and no deployment forgives.

use std::{collections::BTreeMap, fs, time::Duration};

use local::template::{Secrets, Template};
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

use crate::world::repository;

fn template() -> Template {
    let template = Template::read(Some(&repository().join("template.yaml")), Secrets::in_memory()).unwrap();
    template.generate_secrets().unwrap();
    template
}

/// The file as it is written; a tag is a map of one entry.
fn written() -> Value {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    json(serde_yaml_ng::from_str(&text).unwrap())
}

fn json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => Value::from_iter([(tagged.tag.to_string(), json(tagged.value))]),
        Yaml::Mapping(map) => map
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), json(value)))
            .collect(),
        Yaml::Sequence(list) => list.into_iter().map(json).collect(),
        plain => serde_json::to_value(plain).unwrap(),
    }
}

fn resources(kind: &str) -> BTreeMap<String, Value> {
    let written = written();
    let all = written["Resources"].as_object().unwrap().clone().into_iter();
    all.filter(|(_, resource)| resource["Type"] == kind).collect()
}

#[test]
fn a_message_is_not_seen_again_while_it_is_worked_on() {
    let template = template();
    let queues = template.queues().unwrap();
    let functions = template.functions().unwrap();
    for mapping in template.mappings().unwrap() {
        let queue = queues.iter().find(|queue| queue.name == mapping.queue).unwrap();
        let function = functions.iter().find(|function| function.id == mapping.function).unwrap();
        // AWS's advice, and below the timeout itself it refuses to deploy
        assert!(queue.visibility >= function.timeout * 6, "{}: {:?}", queue.name, queue.visibility);
        assert!(mapping.partial_failures, "{} does not report single failures", function.id);
        assert!(mapping.batch_size <= 10, "{}: {} messages want a window", queue.name, mapping.batch_size);
        let dead = queue.dead_letters.as_ref().unwrap_or_else(|| panic!("{} loses what fails", queue.name));
        let dead = queues.iter().find(|other| other.name == *dead).unwrap();
        assert_eq!(dead.fifo, queue.fifo, "{}", dead.name);
        assert_eq!(dead.retention, Duration::from_hours(14 * 24), "{}", dead.name);
        assert!(queue.max_receive_count.is_some_and(|count| (3..=10).contains(&count)), "{}", queue.name);
    }
    for (name, queue) in resources("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name} is not encrypted");
    }
}

#[test]
fn the_table_is_kept_and_can_be_restored() {
    for (name, table) in resources("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(table["DeletionPolicy"], "Retain", "{name}");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{name}");
        assert_eq!(properties["TimeToLiveSpecification"]["Enabled"], true, "{name}");
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true,
            "{name}"
        );
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{name}");
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{name}");
        // an attribute that no key names, or a key without its attribute, fails the deployment only
        let mut keys: Vec<&str> = Vec::new();
        let mut indexes: Vec<&Value> =
            properties["GlobalSecondaryIndexes"].as_array().unwrap().iter().collect();
        indexes.push(properties);
        for index in indexes {
            let schema = index["KeySchema"].as_array().unwrap();
            keys.extend(schema.iter().map(|key| key["AttributeName"].as_str().unwrap()));
        }
        let attributes = properties["AttributeDefinitions"].as_array().unwrap().iter();
        let mut attributes: Vec<&str> =
            attributes.map(|each| each["AttributeName"].as_str().unwrap()).collect();
        keys.sort_unstable();
        keys.dedup();
        attributes.sort_unstable();
        assert_eq!(keys, attributes, "{name}");
    }
}

/// Least privilege: no action and no resource is `*`, but for mail, which SES allows by condition.
#[test]
fn functions_may_do_what_they_do_and_no_more() {
    for (name, function) in resources("AWS::Serverless::Function") {
        let policies = function["Properties"]["Policies"].as_array().unwrap_or_else(|| panic!("{name}"));
        for statement in policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()) {
            let actions: Vec<&str> = match &statement["Action"] {
                Value::Array(actions) => actions.iter().map(|action| action.as_str().unwrap()).collect(),
                action => vec![action.as_str().unwrap()],
            };
            for action in &actions {
                assert!(!action.contains('*'), "{name} may {action}");
                assert_ne!(*action, "dynamodb:Scan", "{name}");
            }
            if statement["Resource"] == "*" {
                assert_eq!(actions, ["ses:SendEmail"], "{name}");
                assert!(statement["Condition"].is_object(), "{name}");
            }
        }
    }
}

#[test]
fn secrets_and_throttles_are_set() {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    assert!(
        text.contains("SIGNING_SECRETS: !Sub \"{{resolve:secretsmanager:"),
        "the signing secret is a reference"
    );
    for (name, stage) in resources("AWS::ApiGatewayV2::Stage") {
        let settings = &stage["Properties"]["DefaultRouteSettings"];
        assert!(
            settings["ThrottlingRateLimit"].is_u64() && settings["ThrottlingBurstLimit"].is_u64(),
            "{name}"
        );
    }
    assert_eq!(
        written()["Parameters"]["AllowTokenInUrl"]["Default"],
        "false",
        "tokens in URLs end up in logs"
    );
    for (name, integration) in resources("AWS::ApiGatewayV2::Integration") {
        let socket = integration["Properties"]["ApiId"]["!Ref"] == "SocketApi";
        let version = &integration["Properties"]["PayloadFormatVersion"];
        assert!(if socket { version.is_null() } else { version == "2.0" }, "{name}: {version}");
    }
}

/// Every function is a binary of the workspace, every binary a function.
#[test]
fn functions_and_binaries_are_the_same() {
    let mut binaries = Vec::new();
    for entry in fs::read_dir(repository().join("functions")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let Ok(text) = fs::read_to_string(manifest) else { continue };
        let mut lines = text.lines();
        while lines.by_ref().any(|line| line.trim() == "[[bin]]") {
            let name =
                lines.by_ref().find_map(|line| line.strip_prefix("name = ")).expect("a binary has a name");
            binaries.push(name.trim_matches('"').to_owned());
        }
    }
    let mut functions: Vec<String> =
        template().functions().unwrap().into_iter().map(|function| function.binary).collect();
    binaries.sort();
    functions.sort();
    assert_eq!(binaries, functions, "left: [[bin]] of functions/*/Cargo.toml; right: the template");
}
