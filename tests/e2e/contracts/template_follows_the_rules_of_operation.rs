//! Rules of `template.yaml` that no rehearsal checks (ARCHITECTURE 7) and that a deployment depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use local::template::{LocalSecrets, SamTemplate};
use protocol::job::{self, Queue};
use serde_json::{Value, json};

use super::parsed_template::{parsed_template, resources_of_type};
use crate::world::repository;

fn template() -> SamTemplate {
    let template =
        SamTemplate::read(Some(&repository().join("template.yaml")), LocalSecrets::in_memory()).unwrap();
    template.generate_secrets().unwrap();
    template
}

#[test]
fn the_visibility_timeout_exceeds_the_function_timeout() {
    let template = template();
    let queues = template.queues().unwrap();
    let functions = template.functions().unwrap();
    for mapping in template.event_source_mappings().unwrap() {
        let queue = queues.iter().find(|queue| queue.name == mapping.queue).unwrap();
        let function = functions.iter().find(|function| function.id == mapping.function).unwrap();
        // AWS advises this, and refuses to deploy a visibility timeout below the function timeout
        assert!(
            queue.visibility_timeout >= function.timeout * 6,
            "{}: {:?}",
            queue.name,
            queue.visibility_timeout
        );
        assert!(mapping.partial_failures, "{} does not report single failures", function.id);
        assert!(
            mapping.batch_size <= 10,
            "{}: {} messages need a batching window",
            queue.name,
            mapping.batch_size
        );
        let dead = queue
            .dead_letter_queue
            .as_ref()
            .unwrap_or_else(|| panic!("{} has no dead-letter queue", queue.name));
        let dead = queues.iter().find(|other| other.name == *dead).unwrap();
        assert_eq!(dead.fifo, queue.fifo, "{}", dead.name);
        assert_eq!(dead.retention, Duration::from_hours(14 * 24), "{}", dead.name);
        assert!(queue.max_receive_count.is_some_and(|count| (3..=10).contains(&count)), "{}", queue.name);
    }
    for (name, queue) in resources_of_type("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name} is not encrypted");
    }
}

#[test]
fn queues_accept_only_tls() {
    let policies = resources_of_type("AWS::SQS::QueuePolicy");
    let policy = &policies["QueuesByTls"];
    // an emulated cloud has no TLS
    assert_eq!(policy["Condition"], "IsAws");
    let names = |list: &Value, tag: &str| -> BTreeSet<String> {
        let each = list.as_array().unwrap().iter().map(|queue| queue[tag].as_str().unwrap());
        each.map(|queue| queue.trim_end_matches(".Arn").to_owned()).collect()
    };
    let queues: BTreeSet<String> = resources_of_type("AWS::SQS::Queue").into_keys().collect();
    assert_eq!(names(&policy["Properties"]["Queues"], "!Ref"), queues);
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
    let [statement] = statements.as_slice() else { panic!("{statements:?}") };
    // SQS refuses a statement with the ARNs of several queues, and a policy applies to its own queue only
    assert_eq!(statement["Resource"], "*");
    assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false");
}

#[test]
fn the_table_is_retained_and_restorable() {
    for (name, table) in resources_of_type("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        // a failed first deployment must not leave an empty table, whose name would block the second
        assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{name}");
        assert_eq!(properties["TimeToLiveSpecification"]["Enabled"], true, "{name}");
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true,
            "{name}"
        );
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{name}");
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{name}");
        // an attribute that no key names, or a key without its attribute, fails only at the deployment
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

/// The functions that sign tokens. A new one is a decision: a person who controls it can sign a token for any account.
const SIGNERS: [&str; 5] = ["ApiIdentity", "ApiSessions", "SocketSessions", "WorkerSessions", "ApiSockets"];

/// A flaw in a decoder of images, for example, must not be able to sign a token, and must not be able to publish a key of its own.
#[test]
fn only_signing_functions_have_the_secret_and_publish_keys() {
    let written = parsed_template();
    assert!(
        !written["Globals"].to_string().contains("SigningSecret"),
        "every function would have the secret"
    );
    let mut signers = BTreeSet::new();
    let mut publishers = BTreeSet::new();
    for (id, resource) in written["Resources"].as_object().unwrap() {
        let text = resource["Properties"].to_string();
        if resource["Type"] == "AWS::Serverless::Function" && text.contains("SigningSecret") {
            signers.insert(id.as_str());
        }
        let Some(function) = id.strip_suffix("Role").filter(|_| resource["Type"] == "AWS::IAM::Role") else {
            continue;
        };
        let policies = resource["Properties"]["Policies"].as_array().into_iter().flatten();
        let statements =
            policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
        let writes_keys = |statement: &&Value| {
            let actions = statement["Action"].to_string();
            let reads_only = !["Put", "Update", "Delete", "Write"].iter().any(|word| actions.contains(word));
            let keys = statement["Condition"].to_string();
            actions.contains("dynamodb:") && !reads_only && (keys.contains("\"KEYS#*\"") || keys == "null")
        };
        if statements.filter(writes_keys).count() > 0 {
            publishers.insert(function);
        }
    }
    assert_eq!(signers, BTreeSet::from(SIGNERS));
    assert_eq!(publishers, BTreeSet::from(SIGNERS));
}

#[test]
fn secrets_are_dynamic_references() {
    let written = parsed_template();
    for (function, properties) in SIGNERS.map(|id| (id, &written["Resources"][id]["Properties"])) {
        let reference = properties["Environment"]["Variables"]["SIGNING_SECRET"]["!Sub"].as_str().unwrap();
        // CloudFormation reads a secret again only if the reference to it has changed, so it names a version.
        let whole = "{{resolve:secretsmanager:${SigningSecret}:SecretString:::${SigningSecretVersion}}}";
        assert_eq!(reference, whole, "{function}");
    }
    for (name, parameter) in written["Parameters"].as_object().unwrap() {
        let secret = ["Key", "Password", "Token"].iter().any(|word| name.ends_with(word));
        assert!(!secret || parameter["NoEcho"] == true, "{name} would be shown");
    }
    assert_eq!(written["Parameters"]["AllowTokenInUrl"]["Default"], "false", "tokens in URLs end up in logs");
}

#[test]
fn stages_are_throttled_and_logged() {
    let stages = resources_of_type("AWS::ApiGatewayV2::Stage");
    assert_eq!(stages.len(), 2);
    for (name, stage) in stages {
        let properties = &stage["Properties"];
        let settings = &properties["DefaultRouteSettings"];
        assert!(
            settings["ThrottlingRateLimit"].is_u64() && settings["ThrottlingBurstLimit"].is_u64(),
            "{name}"
        );
        assert_eq!(properties["AutoDeploy"], true, "{name}: new routes would not go live");
        assert_eq!(settings["DetailedMetricsEnabled"], false, "{name}: each route would cost six metrics");
        let logs = &properties["AccessLogSettings"];
        assert!(logs["DestinationArn"]["!GetAtt"].as_str().unwrap().ends_with("AccessLogs.Arn"), "{name}");
        let format = logs["Format"].as_str().unwrap();
        assert!(!format.contains("messageString"), "{name}: the value has quotes of its own");
        let format: Value = serde_json::from_str(format).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(format["requestId"], "$context.requestId", "{name}");
        // the query and headers may contain a token
        let secret = ["querystring", "header", "authorizer"];
        assert!(!secret.iter().any(|word| format.to_string().to_lowercase().contains(word)), "{name}");
    }
    for (name, group) in resources_of_type("AWS::Logs::LogGroup") {
        let retention = &group["Properties"]["RetentionInDays"];
        assert_eq!(*retention, json!({ "!Ref": "LogRetentionDays" }), "{name} is kept for ever");
    }
    let logging = &parsed_template()["Globals"]["Function"]["LoggingConfig"];
    assert_eq!(logging["LogGroup"], json!({ "!Ref": "FunctionLogs" }), "one group for all functions");
}

/// A missing permission is a 500 on AWS, and neither the local nor the emulated cloud notices.
#[test]
fn api_gateway_may_invoke_its_integrations() {
    let permissions = resources_of_type("AWS::Lambda::Permission");
    let integrations = resources_of_type("AWS::ApiGatewayV2::Integration");
    assert_eq!(permissions.len(), integrations.len());
    for (name, integration) in integrations {
        let properties = &integration["Properties"];
        let api = properties["ApiId"]["!Ref"].as_str().unwrap();
        let socket = api == "SocketApi";
        let version = &properties["PayloadFormatVersion"];
        assert!(if socket { version.is_null() } else { version == "2.0" }, "{name}: {version}");
        let function = match (socket, &properties["IntegrationUri"]) {
            (false, uri) => uri["!GetAtt"].as_str().unwrap().strip_suffix(".Arn").unwrap(),
            (true, uri) => {
                let uri = uri["!Sub"].as_str().unwrap();
                assert!(uri.contains(":lambda:path/2015-03-31/functions/${"), "{name}: {uri}");
                uri.rsplit_once("${").unwrap().1.strip_suffix(".Arn}/invocations").unwrap()
            }
        };
        let may = permissions.values().find(|permission| {
            let properties = &permission["Properties"];
            properties["FunctionName"]["!Ref"] == function
                && properties["Action"] == "lambda:InvokeFunction"
                && properties["Principal"] == "apigateway.amazonaws.com"
                && properties["SourceArn"]["!Sub"].as_str().unwrap().ends_with(&format!(":${{{api}}}/*"))
        });
        assert!(may.is_some(), "{api} may not call {function}");
    }
    // a reply on a socket is a post, and a RouteResponse would also send a returned body
    assert!(resources_of_type("AWS::ApiGatewayV2::RouteResponse").is_empty());
}

/// The namespace, metric and resource of each alarm.
fn alarms() -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let resource = |value: &Value| match (&value["!Ref"], &value["!GetAtt"]) {
        (Value::Null, attribute) => text(attribute).split('.').next().unwrap_or_default().to_owned(),
        (reference, _) => text(reference),
    };
    let all = resources_of_type("AWS::CloudWatch::Alarm").into_values();
    all.map(|alarm| {
        let properties = &alarm["Properties"];
        assert!(!properties["AlarmActions"].is_null(), "the alarm has no action: {alarm}");
        let of = resource(&properties["Dimensions"][0]["Value"]);
        (text(&properties["Namespace"]), text(&properties["MetricName"]), of)
    })
    .collect()
}

#[test]
fn every_failure_raises_an_alarm() {
    let mut expected = BTreeSet::new();
    let mut add = |namespace: &str, metric: &str, of: &str| {
        expected.insert((namespace.to_owned(), metric.to_owned(), of.to_owned()));
    };
    for name in resources_of_type("AWS::SQS::Queue").keys() {
        match name.strip_suffix("DeadLetters") {
            Some(_) => add("AWS/SQS", "ApproximateNumberOfMessagesVisible", name),
            None => add("AWS/SQS", "ApproximateAgeOfOldestMessage", name),
        }
    }
    let serving_http: BTreeSet<String> = resources_of_type("AWS::ApiGatewayV2::Integration")
        .into_values()
        .filter_map(|integration| {
            integration["Properties"]["IntegrationUri"]["!GetAtt"].as_str().map(str::to_owned)
        })
        .collect();
    for name in resources_of_type("AWS::Serverless::Function").into_keys() {
        // a function that serves HTTP fails in a request, which the HTTP API counts
        if !serving_http.contains(&format!("{name}.Arn")) {
            add("AWS/Lambda", "Errors", &name);
        }
    }
    add("AWS/ApiGateway", "5xx", "HttpApi");
    // IntegrationError also counts the 4xx of refused handshakes
    add("AWS/ApiGateway", "ExecutionError", "SocketApi");
    add("AWS/Lambda", "Throttles", "");
    add("AWS/Lambda", "Invocations", "CronClock");
    add("AWS/DynamoDB", "ReadThrottleEvents", "Table");
    add("AWS/DynamoDB", "WriteThrottleEvents", "Table");
    assert_eq!(alarms(), expected, "left: the template");
    assert_eq!(resources_of_type("AWS::CloudWatch::Dashboard").len(), 1);
}

/// Presence of a large team is many posts. On a queue that carries messages, the messages of a team that arrives waited for seconds.
#[test]
fn presence_has_a_queue_of_its_own() {
    let on_presence_queue = |kind: &&job::JobKind| kind.queues.contains(&Queue::Presence);
    let names: Vec<_> =
        job::ALL.iter().filter(on_presence_queue).map(|kind| (kind.name, kind.queues)).collect();
    let only: &[Queue] = &[Queue::Presence];
    assert_eq!(names, [("deliver_presence.v1", only), ("publish_presence.v1", only)]);
    let mappings = template().event_source_mappings().unwrap();
    let readers: Vec<_> = mappings.iter().filter(|mapping| mapping.queue == "PresenceQueue.fifo").collect();
    let [reader] = readers.as_slice() else { panic!("{readers:?}") };
    // the tick's job waits up to a second, and would hold up what is in its batch
    assert_eq!((reader.function.as_str(), reader.batch_size), ("WorkerChat", 1));
}

/// Lambda stops a chain of jobs after 16 runs of the same function, unless the function allows it.
#[test]
fn functions_that_cause_their_own_jobs_allow_recursion() {
    let functions = resources_of_type("AWS::Serverless::Function");
    let name_of = |arn: &Value| {
        arn["!GetAtt"].as_str().and_then(|arn| arn.strip_suffix(".Arn")).unwrap_or_default().to_owned()
    };
    let mut readers: BTreeMap<String, String> = BTreeMap::new();
    for (function, resource) in &functions {
        let events = resource["Properties"]["Events"].as_object();
        for event in events.into_iter().flatten().filter(|(_, event)| event["Type"] == "SQS") {
            readers.insert(name_of(&event.1["Properties"]["Queue"]), function.clone());
        }
    }
    let mut causes: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for (role, resource) in &resources_of_type("AWS::IAM::Role") {
        let Some((function, _)) = functions.get_key_value(role.strip_suffix("Role").unwrap_or_default())
        else {
            continue;
        };
        let statements = &resource["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        let sending = statements.as_array().unwrap().iter().filter(|statement| {
            let action = statement["Action"].to_string();
            action.contains("sqs:SendMessage")
        });
        let queues = sending.flat_map(|statement| match &statement["Resource"] {
            Value::Array(queues) => queues.clone(),
            queue => vec![queue.clone()],
        });
        causes.insert(function, queues.filter_map(|queue| readers.get(&name_of(&queue)).cloned()).collect());
    }
    let mut recursive = BTreeSet::new();
    for function in functions.keys() {
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        let mut next = vec![function];
        while let Some(current) = next.pop() {
            for caused in causes.get(current).into_iter().flatten() {
                if reached.insert(caused) {
                    next.push(caused);
                }
            }
        }
        if reached.contains(function) {
            recursive.insert(function);
        }
        let allowed = functions[function]["Properties"]["RecursiveLoop"] == "Allow";
        assert_eq!(allowed, reached.contains(function), "{function}");
    }
    assert!(recursive.contains(&"WorkerChat".to_owned()), "the check finds no chain: {causes:?}");
}

/// A count sleeps until the end of its tick. Lambda deletes the messages of a batch together, so a batch would hold up the
/// groups of other sessions.
#[test]
fn jobs_that_wait_have_a_batch_of_their_own() {
    let mappings = template().event_source_mappings().unwrap();
    let ticks = mappings.iter().find(|mapping| mapping.queue == "TicksQueue.fifo").unwrap();
    assert_eq!(ticks.batch_size, 1);
}

/// AWS quotas: 500 resources per stack, 300 routes per API, 60 dynamic references per template. SAM adds one resource per queue
/// that calls a function and two per schedule. A fifth of the quota is reserved for them.
#[test]
fn the_stack_stays_below_its_quotas() {
    let written = parsed_template();
    let all = written["Resources"].as_object().unwrap().len();
    assert!(all <= 400, "{all} resources");
    let routes = resources_of_type("AWS::ApiGatewayV2::Route").len();
    assert!(routes <= 280, "{routes} routes");
    // SAM copies the variables of `Globals` to each function.
    let count = |part: &str| written[part].to_string().matches("{{resolve:").count();
    let functions = resources_of_type("AWS::Serverless::Function").len();
    let references = count("Resources") + count("Globals") * functions;
    assert!((SIGNERS.len()..=56).contains(&references), "{references} references to secrets");
}

#[test]
fn every_url_is_an_output() {
    let written = parsed_template();
    let outputs = written["Outputs"].as_object().unwrap();
    let mut expected: Vec<String> = [
        "DashboardUrl",
        "DocsUrl",
        "HealthUrl",
        "HttpApiId",
        "HttpUrl",
        "LogGroup",
        "SigningSecretArn",
        "SocketApiId",
        "SocketEndpoint",
        "SocketUrl",
        "TableName",
    ]
    .map(str::to_owned)
    .into();
    expected.extend(resources_of_type("AWS::SQS::Queue").keys().map(|queue| format!("{queue}Url")));
    expected.sort();
    let mut declared: Vec<&String> = outputs.keys().collect();
    declared.sort();
    assert_eq!(declared, expected.iter().collect::<Vec<_>>());
}

#[test]
fn the_deployment_has_default_settings() {
    let config = fs::read_to_string(repository().join("samconfig.toml")).unwrap();
    for line in ["lint = true", "capabilities = \"CAPABILITY_IAM\"", "resolve_s3 = true"] {
        assert!(config.lines().any(|each| each == line), "samconfig.toml: {line}");
    }
    for (name, function) in resources_of_type("AWS::Serverless::Function") {
        // infra/build/Makefile builds all functions at once, from the root
        assert_eq!(
            function["Metadata"],
            json!({ "BuildMethod": "makefile", "WorkingDirectory": "." }),
            "{name}"
        );
    }
}

#[test]
fn a_custom_domain_serves_both_apis() {
    for api in ["Http", "Socket"] {
        let mappings = resources_of_type("AWS::ApiGatewayV2::ApiMapping");
        let mapping = &mappings[&format!("{api}Mapping")]["Properties"];
        assert_eq!(mapping["ApiId"]["!Ref"], format!("{api}Api"));
        assert_eq!(mapping["Stage"]["!Ref"], format!("{api}Stage"));
        assert_eq!(mapping["DomainName"]["!Ref"], format!("{api}Domain"));
        let records = resources_of_type("AWS::Route53::RecordSet");
        let record = &records[&format!("{api}Record")];
        assert_eq!(record["Condition"], "HasZone");
        assert_eq!(
            record["Properties"]["AliasTarget"]["DNSName"]["!GetAtt"],
            format!("{api}Domain.RegionalDomainName")
        );
    }
}

/// Every function is a binary of the workspace, and every binary is a function.
#[test]
fn every_function_is_a_binary() {
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
