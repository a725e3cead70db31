//! What no rehearsal checks (DESIGN 7) and no deployment forgives.

use std::{collections::BTreeMap, fs, time::Duration};

use local::template::{Secrets, Template};
use serde_json::{Value, json};
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
    plain(serde_yaml_ng::from_str(&text).unwrap())
}

fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) => Value::from_iter([(tagged.tag.to_string(), plain(tagged.value))]),
        Yaml::Mapping(map) => map
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), plain(value)))
            .collect(),
        Yaml::Sequence(list) => list.into_iter().map(plain).collect(),
        scalar => serde_json::to_value(scalar).unwrap(),
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

/// What a door may do, by the name of its binary. Here and in the template, so that neither a permission too many nor one
/// too few goes unseen: the local cloud asks nobody for one.
struct May {
    door: &'static str,
    table: &'static [&'static str],
    send_to: &'static [&'static str],
    post: bool,
    mail: bool,
}

/// Any item, in any way but a scan. A write in a transaction is allowed as the same write outside of one.
const ALL: &[&str] = &["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/// What whoever posts to rooms sends: a connection that is gone is taken out of its room (`Rooms::leave`), which announces
/// presence (Ticks); one that is still opening is greeted later (Sessions); a large room is told in shards (Broadcast).
/// From the table that takes `GetItem`, `Query` and `DeleteItem`.
const ROOMS: &[&str] = &["BroadcastQueue", "SessionsQueue", "TicksQueue"];

const DOORS: [May; 11] = [
    // mails links and notices; ends the sockets of a log-in, so it posts to rooms
    May {
        door: "api-identity",
        table: ALL,
        send_to: &["BroadcastQueue", "MailQueue", "SessionsQueue", "TicksQueue"],
        post: true,
        mail: false,
    },
    May { door: "api-presentations", table: ALL, send_to: &[], post: false, mail: false },
    // tells a room that its session moved
    May { door: "api-sessions", table: ALL, send_to: ROOMS, post: true, mail: false },
    // both answer repeated POSTs from what was kept (idempotency), as every HTTP door
    May {
        door: "api-sockets",
        table: &["DeleteItem", "GetItem", "PutItem"],
        send_to: &[],
        post: false,
        mail: false,
    },
    May {
        door: "api-docs",
        table: &["DeleteItem", "GetItem", "PutItem"],
        send_to: &[],
        post: false,
        mail: false,
    },
    // answers pings; has whoever connects greeted, and ends an older presenter's socket
    May { door: "socket-connections", table: ALL, send_to: ROOMS, post: true, mail: false },
    // answers whoever votes
    May { door: "socket-sessions", table: ALL, send_to: ROOMS, post: true, mail: false },
    // greets, and tells rooms tallies and presence
    May { door: "worker-sessions", table: ALL, send_to: ROOMS, post: true, mail: false },
    // posts a shard of a room, and splits a room into shards
    May {
        door: "worker-broadcast",
        table: &["DeleteItem", "GetItem", "Query"],
        send_to: ROOMS,
        post: true,
        mail: false,
    },
    May {
        door: "worker-mail",
        table: &["DeleteItem", "GetItem", "PutItem", "UpdateItem"],
        send_to: &[],
        post: false,
        mail: true,
    },
    May {
        door: "cron-clock",
        table: &["Query", "UpdateItem"],
        send_to: &["SessionsQueue"],
        post: false,
        mail: false,
    },
];

/// Least privilege: exactly the actions above, each on the one thing it is for. Mail alone is allowed on `*`: SES tells
/// senders apart by condition.
#[test]
fn functions_may_do_what_they_do_and_no_more() {
    let functions = resources("AWS::Serverless::Function");
    assert_eq!(functions.len(), DOORS.len());
    for (name, function) in functions {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let may =
            DOORS.iter().find(|may| may.door == binary).unwrap_or_else(|| panic!("{binary}: may what?"));
        let policies = function["Properties"]["Policies"].as_array().unwrap_or_else(|| panic!("{name}"));
        let (mut table, mut send_to, mut post, mut mail) = (Vec::new(), Vec::new(), false, false);
        for statement in policies.iter().flat_map(|policy| policy["Statement"].as_array().unwrap()) {
            assert_eq!(statement["Effect"], "Allow", "{name}");
            let on = &statement["Resource"];
            for action in texts(&statement["Action"]) {
                match action.split_once(':').unwrap() {
                    ("dynamodb", action) => {
                        let ours = json!([{ "!GetAtt": "Table.Arn" }, { "!Sub": "${Table.Arn}/index/*" }]);
                        assert_eq!(*on, ours, "{name}");
                        table.push(action.to_owned());
                    }
                    ("sqs", "SendMessage") => {
                        for queue in on.as_array().unwrap() {
                            let queue = queue["!GetAtt"].as_str().unwrap();
                            send_to.push(queue.strip_suffix(".Arn").unwrap().to_owned());
                        }
                    }
                    ("execute-api", "ManageConnections") => {
                        let [socket] = on.as_array().unwrap().as_slice() else { panic!("{name}: {on}") };
                        let socket = socket["!Sub"].as_str().unwrap();
                        assert!(
                            socket.ends_with(":${SocketApi}/${Stage}/*/@connections/*"),
                            "{name}: {socket}"
                        );
                        post = true;
                    }
                    ("ses", "SendEmail") => {
                        let sender = &statement["Condition"]["StringEquals"]["ses:FromAddress"];
                        assert_eq!(*sender, json!({ "!Ref": "MailSender" }), "{name}");
                        mail = true;
                    }
                    _ => panic!("{name} may {action}"),
                }
            }
        }
        table.sort();
        send_to.sort();
        assert_eq!(table, may.table, "{binary}: the table");
        assert_eq!(send_to, may.send_to, "{binary}: queues");
        assert_eq!((post, mail), (may.post, may.mail), "{binary}: posts to sockets, sends mail");
    }
}

/// One or several.
fn texts(value: &Value) -> Vec<&str> {
    let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    many.iter().map(|text| text.as_str().unwrap()).collect()
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
