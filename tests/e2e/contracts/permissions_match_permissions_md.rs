//! Compares the permissions of each function with `infra/PERMISSIONS.md`. An added or removed permission appears as a diff.
//! `COLLOQUY_UPDATE=1 cargo test -p tests permissions` writes the file again. The local cloud enforces the same policies, so a
//! missing permission fails a story. The reviewer of the file finds a superfluous one.

use std::{collections::BTreeSet, fmt::Write, fs};

use serde_json::{Value, json};

use super::{operations_cost_what_costs_md_says::is_update_run, parsed_template::resources_of_type};
use crate::world::repository;

/// The permissions of one function. Each field is a column of the table.
#[derive(Default)]
struct FunctionPermissions {
    reads: String,
    writes: String,
    indexes: String,
    sends_to: Vec<String>,
    receives_from: Vec<String>,
    posts: bool,
    mails: bool,
}

fn string_or_list(value: &Value) -> Vec<String> {
    let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    many.iter().map(|text| text.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()).collect()
}

/// The partitions that a statement is limited to, without their `#*`.
fn leading_keys(condition: &Value) -> Vec<String> {
    let known = partition_prefixes();
    let keys = string_or_list(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    keys.iter()
        .map(|key| {
            let name = key.strip_suffix("#*").unwrap_or_else(|| panic!("{key} ends within a name"));
            assert!(known.contains(name), "the store has no partition {name}");
            name.to_owned()
        })
        .collect()
}

/// The prefixes of the partitions of the table and its indexes. Only the files of this folder write keys.
fn partition_prefixes() -> BTreeSet<String> {
    let room = repository().join("shared/store/src/dynamodb/key");
    let files = ["pk.rs", "gsi1.rs"].map(|file| fs::read_to_string(room.join(file)).unwrap());
    let source = files.concat();
    let keys = source.split('"').filter_map(|text| text.split_once('#').map(|(name, _)| name.to_owned()));
    keys.filter(|name| !name.is_empty()).collect()
}

fn short_actions(actions: &[String]) -> String {
    actions.iter().map(|action| action.split_once(':').unwrap().1).collect::<Vec<_>>().join(", ")
}

impl FunctionPermissions {
    fn from_role(name: &str, role: &Value) -> Self {
        let policies = role["Properties"]["Policies"].as_array().unwrap();
        let mut may = Self::default();
        let mut logs = false;
        let statements =
            policies.iter().flat_map(|each| each["PolicyDocument"]["Statement"].as_array().unwrap());
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{name}");
            let (actions, on) =
                (string_or_list(&statement["Action"]), statement["Resource"].as_array().unwrap());
            assert!(actions.iter().all(|action| !action.contains('*')), "{name} may {actions:?}");
            let condition = &statement["Condition"];
            let queues =
                || on.iter().map(|queue| resource_of_arn(queue).unwrap().to_owned()).collect::<Vec<_>>();
            match actions[0].split_once(':').unwrap() {
                ("dynamodb", _) if on == &[json!({ "!GetAtt": "Table.Arn" })] => {
                    let column = if actions.iter().any(|action| is_write(action)) {
                        &mut may.writes
                    } else {
                        &mut may.reads
                    };
                    add_to_column(
                        column,
                        &format!("{}: {}", short_actions(&actions), leading_keys(condition).join(", ")),
                    );
                }
                ("dynamodb", "Query") => {
                    let [index] = on.as_slice() else { panic!("{name}: {on:?}") };
                    let index = index["!Sub"].as_str().unwrap().strip_prefix("${Table.Arn}/index/").unwrap();
                    let keys = if condition.is_null() {
                        vec!["all partitions".to_owned()]
                    } else {
                        leading_keys(condition)
                    };
                    add_to_column(&mut may.indexes, &format!("{index}: {}", keys.join(", ")));
                }
                ("sqs", _) => match &*short_actions(&actions) {
                    // a function reads the attributes to open its connection (entry::app)
                    "GetQueueAttributes, SendMessage" => may.sends_to = queues(),
                    "DeleteMessage, GetQueueAttributes, ReceiveMessage" => may.receives_from = queues(),
                    other => panic!("{name} may {other}"),
                },
                ("execute-api", "ManageConnections") => {
                    let [socket] = on.as_slice() else { panic!("{name}: {on:?}") };
                    let socket = socket["!Sub"].as_str().unwrap();
                    assert!(socket.ends_with(":${SocketApi}/${Stage}/*/@connections/*"), "{name}: {socket}");
                    may.posts = true;
                }
                // the only `*`, because SES distinguishes senders by a condition
                ("ses", "SendEmail") => {
                    let sender =
                        json!({ "StringEqualsIfExists": { "ses:FromAddress": { "!Ref": "MailSender" } } });
                    assert_eq!(*condition, sender, "{name}");
                    may.mails = true;
                }
                ("logs", _) => {
                    assert_eq!(short_actions(&actions), "CreateLogStream, PutLogEvents", "{name}");
                    assert_eq!(*on, vec![json!({ "!GetAtt": "FunctionLogs.Arn" })], "{name}");
                    logs = true;
                }
                _ => panic!("{name} may {actions:?}"),
            }
        }
        assert!(logs, "{name} may not log");
        may
    }
}

/// Appends a statement.
fn add_to_column(column: &mut String, statement: &str) {
    if !column.is_empty() {
        column.push_str("; ");
    }
    column.push_str(statement);
}

/// The resource whose ARN this is.
fn resource_of_arn(attribute: &Value) -> Option<&str> {
    attribute["!GetAtt"].as_str().and_then(|text| text.strip_suffix(".Arn"))
}

fn is_write(action: &str) -> bool {
    ["Put", "Update", "Delete"].iter().any(|word| action.contains(word))
}

fn permissions_table() -> String {
    let mut text = String::from(
        "# What each function may do\n\nFrom the roles in `template.yaml`. A function may read and write only the partitions of the table (`shared/store/src/dynamodb/key`) that \
         its row names. Compared by `tests/e2e/contracts/permissions_match_permissions_md.rs`;\n\
         `COLLOQUY_UPDATE=1 cargo test -p tests permissions` writes this file. Every function also writes its logs.\n\n\
         | function | reads | writes | indexes | sends to | receives from | posts to sockets | sends mail |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let roles = resources_of_type("AWS::IAM::Role");
    for (name, function) in resources_of_type("AWS::Serverless::Function") {
        let role = function["Properties"]["Role"]["!GetAtt"].as_str().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(role, format!("{name}Role.Arn"), "every function has its own role");
        let role = &roles[&format!("{name}Role")];
        assert!(
            role["Properties"]["ManagedPolicyArns"].is_null(),
            "{name}: managed policies are not read here; write the statements out"
        );
        let may = FunctionPermissions::from_role(&name, role);
        let yes = |it: bool| if it { "yes" } else { "" };
        let (sends, receives) = (may.sends_to.join(", "), may.receives_from.join(", "));
        writeln!(
            text,
            "| {name} | {} | {} | {} | {sends} | {receives} | {} | {} |",
            may.reads,
            may.writes,
            may.indexes,
            yes(may.posts),
            yes(may.mails)
        )
        .unwrap();
    }
    text
}

#[test]
fn permissions_match_permissions_md() {
    let file = repository().join("infra/PERMISSIONS.md");
    let table = permissions_table();
    if is_update_run() {
        fs::write(&file, &table).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        table, written,
        "left: template.yaml; right: infra/PERMISSIONS.md, which COLLOQUY_UPDATE=1 rewrites"
    );
}

/// A function may receive from the queues whose events call it, and from no other queue.
#[test]
fn each_worker_reads_its_own_queue() {
    let roles = resources_of_type("AWS::IAM::Role");
    for (name, function) in resources_of_type("AWS::Serverless::Function") {
        let events = function["Properties"]["Events"].as_object().into_iter().flatten();
        let mut queues: Vec<String> = events
            .filter(|(_, event)| event["Type"] == "SQS")
            .map(|(_, event)| event["Properties"]["Queue"]["!GetAtt"].as_str().unwrap().replace(".Arn", ""))
            .collect();
        let mut may = FunctionPermissions::from_role(&name, &roles[&format!("{name}Role")]).receives_from;
        queues.sort();
        may.sort();
        assert_eq!(may, queues, "{name}");
    }
}
