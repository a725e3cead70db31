//! Functions with the settings of SAM's `Globals`, and their queues and schedules.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};

use super::{SamTemplate, TemplateError, TemplateResource, TemplateResult, intrinsics::arn};

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// The logical id in the template.
    pub id: String,
    pub name: String,
    pub arn: String,
    /// The binary of the workspace. It is the logical id in kebab-case, as in infra/build/Makefile.
    pub binary: String,
    pub timeout: Duration,
    pub memory_mb: u32,
    pub environment: BTreeMap<String, String>,
}

/// A queue that calls a function.
#[derive(Clone, Debug)]
pub struct EventSourceMapping {
    /// The logical id of the function.
    pub function: String,
    pub queue: String,
    pub queue_arn: String,
    pub fifo: bool,
    pub batch_size: usize,
    /// How long a batch waits for more messages.
    pub batching_window: Duration,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]`
    pub partial_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`
    pub max_concurrency: Option<usize>,
}

/// A schedule that calls a function.
#[derive(Clone, Debug)]
pub struct ScheduleSpec {
    /// The logical id of the function.
    pub function: String,
    /// The logical id of the event.
    pub name: String,
    pub every: Duration,
    /// The event to send, if the template has one.
    pub input: Option<Value>,
    /// True for EventBridge Scheduler (`ScheduleV2`), false for a rule of the older EventBridge.
    pub is_scheduler: bool,
}

impl SamTemplate {
    pub fn functions(&self) -> TemplateResult<Vec<FunctionSpec>> {
        self.resources("AWS::Serverless::Function")?
            .into_iter()
            .map(|function| self.function_spec(function))
            .collect()
    }

    fn function_spec(&self, function: TemplateResource<'_>) -> TemplateResult<FunctionSpec> {
        let globals = &self.root["Globals"]["Function"];
        // the function's own setting, or else that of the Globals
        let setting = |name: &str| match function.property(name) {
            Value::Null => (&globals[name], format!("Globals.Function.{name}")),
            own => (own, function.property_path(name)),
        };
        let number = |name: &str, default: u64| {
            let (value, path) = setting(name);
            Ok::<_, TemplateError>(self.resolve_number(value, &path)?.unwrap_or(default))
        };
        let name = self.physical_name(function)?;
        Ok(FunctionSpec {
            id: function.id.to_owned(),
            arn: arn("lambda", &format!("function:{name}")),
            name,
            binary: kebab_case(function.id),
            timeout: Duration::from_secs(number("Timeout", 3)?),
            memory_mb: u32::try_from(number("MemorySize", 128)?).unwrap_or(u32::MAX),
            environment: self.environment(function, &globals["Environment"]["Variables"])?,
        })
    }

    fn environment(
        &self,
        function: TemplateResource<'_>,
        globals: &Value,
    ) -> TemplateResult<BTreeMap<String, String>> {
        let mut variables = BTreeMap::new();
        let own = &function.property("Environment")["Variables"];
        let sources = [
            (globals, "Globals.Function.Environment.Variables".to_owned()),
            (own, function.property_path("Environment.Variables")),
        ];
        for (source, path) in sources {
            for (name, value) in source.as_object().into_iter().flatten() {
                let path = format!("{path}.{name}");
                match self.resolve_text(value, &path)? {
                    Some(text) => variables.insert(name.clone(), text),
                    None => variables.remove(name),
                };
            }
        }
        Ok(variables)
    }

    pub fn event_source_mappings(&self) -> TemplateResult<Vec<EventSourceMapping>> {
        let mut mappings = Vec::new();
        for (function, name, event) in self.function_events()? {
            let at = |property: &str| function.property_path(&format!("Events.{name}.Properties.{property}"));
            let properties = &event["Properties"];
            if event["Type"] != "SQS" {
                continue;
            }
            let number = |property: &str| self.resolve_number(&properties[property], &at(property));
            let size = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok());
            let queue_arn = self
                .resolve_text(&properties["Queue"], &at("Queue"))?
                .ok_or_else(|| TemplateError::new(at("Queue"), "is missing"))?;
            let responses =
                self.resolve(&properties["FunctionResponseTypes"], &at("FunctionResponseTypes"))?;
            mappings.push(EventSourceMapping {
                function: function.id.to_owned(),
                queue: queue_arn.rsplit(':').next().unwrap_or_default().to_owned(),
                fifo: queue_arn.strip_suffix(".fifo").is_some(),
                queue_arn,
                batch_size: size(number("BatchSize")?).unwrap_or(10),
                batching_window: Duration::from_secs(number("MaximumBatchingWindowInSeconds")?.unwrap_or(0)),
                partial_failures: responses
                    .as_array()
                    .is_some_and(|types| types.iter().any(|kind| kind == "ReportBatchItemFailures")),
                max_concurrency: size(self.resolve_number(
                    &properties["ScalingConfig"]["MaximumConcurrency"],
                    &at("ScalingConfig"),
                )?),
            });
        }
        Ok(mappings)
    }

    pub fn schedules(&self) -> TemplateResult<Vec<ScheduleSpec>> {
        let mut schedules = Vec::new();
        for (function, name, event) in self.function_events()? {
            let (is_scheduler, property) = match event["Type"].as_str() {
                Some("ScheduleV2") => (true, "ScheduleExpression"),
                Some("Schedule") => (false, "Schedule"),
                Some("SQS") => continue,
                other => {
                    let why = format!("the local cloud has no event {}", other.unwrap_or("without a type"));
                    return Err(TemplateError::new(
                        function.property_path(&format!("Events.{name}.Type")),
                        why,
                    ));
                }
            };
            let path = function.property_path(&format!("Events.{name}.Properties.{property}"));
            let expression = self.resolve_text(&event["Properties"][property], &path)?.unwrap_or_default();
            let input = self.resolve_text(&event["Properties"]["Input"], &path)?;
            schedules.push(ScheduleSpec {
                function: function.id.to_owned(),
                name: name.to_owned(),
                every: rate_of_expression(&expression).ok_or_else(|| {
                    TemplateError::new(
                        path,
                        format!("the local cloud does not support the schedule {expression:?}"),
                    )
                })?,
                input: input.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text))),
                is_scheduler,
            });
        }
        Ok(schedules)
    }

    fn function_events(&self) -> TemplateResult<Vec<(TemplateResource<'_>, &str, &Value)>> {
        let functions = self.resources("AWS::Serverless::Function")?.into_iter();
        Ok(functions
            .flat_map(|function| {
                let events = function.property("Events").as_object().into_iter().flat_map(Map::iter);
                events.map(move |(name, event)| (function, name.as_str(), event))
            })
            .collect())
    }
}

/// Turns `ApiSessions` into `api-sessions`.
fn kebab_case(id: &str) -> String {
    let mut name = String::with_capacity(id.len() + 2);
    for letter in id.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Parses `rate(5 minutes)`, or the cron expression of every minute.
fn rate_of_expression(expression: &str) -> Option<Duration> {
    if expression == "cron(* * * * ? *)" {
        return Some(Duration::from_mins(1));
    }
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    match unit {
        "minute" | "minutes" => Some(Duration::from_mins(count)),
        "hour" | "hours" => Some(Duration::from_hours(count)),
        "day" | "days" => Some(Duration::from_hours(count * 24)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::repository_template;
    use super::*;

    #[test]
    fn the_functions_of_the_repository_have_their_globals() {
        let mut template = repository_template();
        template.set_parameters([("PublicUrl", "http://127.0.0.1:8000"), ("Stage", "local")]).unwrap();
        template.set_queue_base_url("http://127.0.0.1:9/queues");
        template.generate_secrets().unwrap();
        let functions = template.functions().unwrap();
        let worker = functions.iter().find(|function| function.binary == "worker-sessions").unwrap();
        assert_eq!((worker.timeout, worker.memory_mb), (Duration::from_secs(15), 512));
        assert_eq!(worker.name, "colloquy-local-worker-sessions");
        let variable = |name: &str| worker.environment[name].as_str();
        assert_eq!(variable("TABLE"), "Table");
        assert_eq!(variable("TICKS_QUEUE_URL"), "http://127.0.0.1:9/queues/TicksQueue.fifo");
        assert_eq!(variable("PUBLIC_URL"), "http://127.0.0.1:8000");
        assert_eq!(variable("SOCKET_URL"), "wss://SocketApi.execute-api.us-east-1.amazonaws.com/local");
        let secret: serde_json::Value = serde_json::from_str(variable("SIGNING_SECRET")).unwrap();
        assert_eq!((secret["current"].as_str().unwrap().len(), &secret["previous"]), (64, &json!("none")));
        assert_eq!(variable("ALLOW_TOKEN_IN_URL"), "false");
    }

    #[test]
    fn the_repository_template_has_its_mappings_and_schedules() {
        let template = repository_template();
        let mappings = template.event_source_mappings().unwrap();
        let ticks = mappings.iter().find(|mapping| mapping.queue == "TicksQueue.fifo").unwrap();
        assert_eq!((ticks.function.as_str(), ticks.batch_size), ("WorkerSessions", 1));
        assert!(ticks.partial_failures && ticks.batching_window.is_zero());
        let broadcast = mappings.iter().find(|mapping| mapping.queue == "BroadcastQueue").unwrap();
        assert_eq!(broadcast.batch_size, 1);

        let schedules = template.schedules().unwrap();
        assert_eq!((schedules.len(), schedules[0].every), (1, Duration::from_mins(1)));
        assert!(schedules[0].is_scheduler);
    }

    #[test]
    fn known_schedule_expressions_are_read() {
        assert_eq!(rate_of_expression("rate(2 hours)"), Some(Duration::from_hours(2)));
        assert_eq!(rate_of_expression("cron(* * * * ? *)"), Some(Duration::from_mins(1)));
        assert_eq!(rate_of_expression("rate(0 minutes)"), None);
        assert_eq!(rate_of_expression("cron(0 12 * * ? *)"), None);
    }
}
