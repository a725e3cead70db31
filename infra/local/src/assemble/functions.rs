//! Expands the table `functions`.
//!
//! The binary of a function is its logical id in kebab-case. `WorkerChat` becomes `worker-chat`.

use std::fmt::Write as _;

use anyhow::ensure;
use serde::Deserialize;
use serde_yaml_ng::Value as Yaml;

use super::{
    TemplateSources,
    alarms::{AlarmRow, AlarmStatistic, MissingData},
    names,
    permissions::PermissionRows,
    routes::socket_routes,
    rows::NamedRows,
    text,
};

/// A row of the table `functions`. A function has routes of the HTTP API, messages of the socket, or jobs and
/// schedules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FunctionRow {
    /// Routes under each of `route_prefixes`. `users` serves `/users` and `/users/`, `users/*` every path below.
    #[serde(default)]
    pub(super) routes: Vec<String>,
    /// Routes without a prefix, from name to path.
    #[serde(default)]
    pub(super) exact_routes: NamedRows<String>,
    /// Types of messages on the socket.
    #[serde(default)]
    pub(super) messages: Vec<String>,
    /// Queues that the function reads, from the name of the event source to the queue.
    #[serde(default)]
    jobs: NamedRows<JobSource>,
    /// Schedules, from the name of the event to the expression of `EventBridge` Scheduler.
    #[serde(default)]
    schedules: NamedRows<String>,
    /// Description of the alarm that rings when a function without routes fails.
    errors_alarm: Option<String>,
    /// MB, instead of the 512 of `Globals`.
    memory: Option<u32>,
    /// Seconds, instead of the 15 of `Globals`.
    timeout: Option<u32>,
    /// Signs tokens. Only such a function has the signing secret, and only its role may publish the public keys.
    #[serde(default)]
    signs_tokens: bool,
    /// Variables that no other function needs.
    #[serde(default)]
    environment: NamedRows<Yaml>,
    permissions: PermissionRows,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JobSource {
    queue: String,
    /// The maximum number of jobs in a call of the function.
    batch: u32,
}

impl FunctionRow {
    /// The queues that the function receives jobs from.
    pub(super) fn receives_from(&self) -> impl Iterator<Item = &str> {
        self.jobs.iter().map(|(_, source)| source.queue.as_str())
    }

    fn serves_http(&self) -> bool {
        !self.routes.is_empty() || !self.exact_routes.is_empty()
    }

    fn runs_alone(&self) -> bool {
        !self.jobs.is_empty() || !self.schedules.is_empty()
    }
}

impl TemplateSources<'_> {
    /// Whether a job of the function can cause another job of the same function, directly or through other functions.
    fn runs_in_circles(&self, id: &str) -> bool {
        let functions = || self.sources.iter().flat_map(|source| source.tables.functions.iter());
        let mut reached: Vec<&str> = Vec::new();
        let mut next = vec![id];
        while let Some(current) = next.pop() {
            let sends_to = functions().filter(|(id, _)| *id == current);
            for queue in sends_to.flat_map(|(_, function)| function.permissions.sends_to()) {
                let mut readers = functions();
                let reader = readers.find(|(_, function)| function.receives_from().any(|read| read == queue));
                if let Some((reader, _)) = reader.filter(|(reader, _)| !reached.contains(reader)) {
                    reached.push(reader);
                    next.push(reader);
                }
            }
        }
        reached.contains(&id)
    }

    /// The role, the function, and the resources that connect it with an API.
    pub(super) fn function(&self, id: &str, function: &FunctionRow) -> anyhow::Result<String> {
        let http = function.serves_http();
        let socket = !function.messages.is_empty();
        let kinds = [http, socket, function.runs_alone()].into_iter().filter(|kind| *kind).count();
        ensure!(
            kinds == 1,
            "it must have routes, messages, or jobs and schedules, and only one of these three"
        );
        for queue in function.receives_from() {
            self.check_queue(queue)?;
        }
        let receives_from: Vec<&str> = function.receives_from().collect();
        let mut text = self.role(id, &receives_from, function.signs_tokens, &function.permissions)?;
        text.push_str(&self.resource(id, function)?);
        if http {
            write!(text, "\n{}", self.http_routes(id, &function.routes, &function.exact_routes)?)?;
        }
        if socket {
            write!(text, "\n{}", socket_routes(id, &function.messages)?)?;
        }
        Ok(text)
    }

    /// The function itself, with its variables and the sources of its events.
    fn resource(&self, id: &str, function: &FunctionRow) -> anyhow::Result<String> {
        let mut text = format!(
            r#"  {id}:
    Type: AWS::Serverless::Function
    Metadata: {{BuildMethod: makefile, WorkingDirectory: .}}
    Properties:
      FunctionName: !Sub "colloquy-${{Stage}}-{binary}"
      Role: !GetAtt {id}Role.Arn
"#,
            binary = names::kebab(id),
        );
        if let Some(memory) = function.memory {
            writeln!(text, "      MemorySize: {memory}")?;
        }
        if let Some(timeout) = function.timeout {
            writeln!(text, "      Timeout: {timeout}")?;
        }
        let signing = self.signing_environment().filter(|_| function.signs_tokens);
        let environment: Vec<_> = function.environment.iter().chain(signing).collect();
        if !environment.is_empty() {
            text.push_str("      Environment:\n        Variables:\n");
            for (name, value) in environment {
                writeln!(text, "          {name}: {}", text::inline(value)?)?;
            }
        }
        if self.runs_in_circles(id) {
            text.push_str(RECURSIVE_LOOP);
        }
        if function.runs_alone() {
            text.push_str("      Events:\n");
        }
        for (name, JobSource { queue, batch }) in function.jobs.iter() {
            write!(
                text,
                "        {name}:
          Type: SQS
          Properties: {{Queue: !GetAtt {queue}.Arn, BatchSize: {batch}, FunctionResponseTypes: [ReportBatchItemFailures]}}
"
            )?;
        }
        for (name, expression) in function.schedules.iter() {
            write!(
                text,
                "        {name}:
          Type: ScheduleV2
          Properties: {{Name: !Sub \"{}\", ScheduleExpression: {}}}
",
                schedule_name(id, name),
                text::scalar(expression)
            )?;
        }
        Ok(text)
    }
}

const RECURSIVE_LOOP: &str = "      # Its jobs cause jobs that it runs itself. Each chain ends, but may be longer than the 16 runs after which Lambda
      # takes a chain for an endless loop.
      RecursiveLoop: Allow
";

/// The name of a schedule. Names are unique in an account and region, and SAM's own name has no stage.
fn schedule_name(id: &str, event: &str) -> String {
    format!("colloquy-${{Stage}}-{}-{}", names::kebab(id), names::kebab(event))
}

/// The errors alarm of a function that no HTTP request waits for. A failure of the other functions is a 5xx of the HTTP
/// API, which has an alarm.
pub(super) fn errors_alarm(id: &str, function: &FunctionRow) -> anyhow::Result<String> {
    if function.serves_http() {
        return Ok(String::new());
    }
    let what = if function.runs_alone() { "jobs" } else { "refused messages" };
    let default =
        || format!("Invocations of {} fail (crash or timeout), not single {what}", names::kebab(id));
    let alarm = AlarmRow {
        description: function.errors_alarm.clone().unwrap_or_else(default),
        namespace: "AWS/Lambda".to_owned(),
        metric: "Errors".to_owned(),
        dimensions: [("FunctionName".to_owned(), text::tagged("Ref", id))].into_iter().collect(),
        statistic: AlarmStatistic::Sum,
        period: 300,
        periods: 1,
        above: Some(0),
        below: None,
        missing: MissingData::default(),
    };
    alarm.resource(&format!("{id}ErrorsAlarm"))
}
