//! Compares the table requests and capacity units of operations, which DynamoDB reports and the functions log, with
//! `infra/COSTS.md`. A more expensive operation appears as a diff. `COLLOQUY_UPDATE=1 cargo test -p tests operations_cost` writes
//! the file again.
//!
//! Each domain has its operations in its own file.

mod chat;
mod identity;
mod images;
mod presentations;
mod questions;
mod sessions;

use std::{
    fmt::{self, Write},
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use local::LocalOptions;
use serde_json::json;
use tracing::{
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

use crate::world::{DEADLINE, User, World, repository, users::choice_slide};

/// The line that a function logs for a request or a message.
#[derive(Clone, Debug, Default, PartialEq)]
struct CostLine {
    kind: String,
    /// The path of a request, the route of a message, or the name of a job.
    name: String,
    requests: u64,
    read: f64,
    write: f64,
}

impl Visit for CostLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        match field.name() {
            "message" => self.kind = text,
            "path" | "route" | "job" => self.name = text,
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "table_requests" {
            self.requests = value;
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match field.name() {
            "read_units" => self.read = value,
            "write_units" => self.write = value,
            _ => {}
        }
    }
}

#[derive(Clone, Default)]
struct CostLines(Arc<Mutex<Vec<CostLine>>>);

/// The name of a job, which is a field of its span.
struct JobName(String);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for CostLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut line = CostLine::default();
        attributes.record(&mut line);
        if let Some(span) = context.span(id).filter(|_| attributes.metadata().name() == "job") {
            span.extensions_mut().insert(JobName(line.name));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut line = CostLine::default();
        event.record(&mut line);
        if line.kind == "done"
            && let Some(span) = context.event_span(event)
            && let Some(JobName(job)) = span.extensions().get::<JobName>()
        {
            line.name.clone_from(job);
        }
        if ["answered", "handled", "done"].contains(&line.kind.as_str()) {
            self.0.lock().unwrap().push(line);
        }
    }
}

impl CostLines {
    fn all(&self, what: &str, name: &str) -> Vec<CostLine> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.kind == what && line.name == name).cloned().collect()
    }

    /// Waits until `count` messages of a route were handled.
    async fn wait_for(&self, route: &str, count: u64) {
        let heard = async {
            while (self.all("handled", route).len() as u64) < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(DEADLINE, heard).await.expect("the messages are handled in time");
    }

    /// Returns the cost of the latest request or message whose name contains `name`.
    fn newest(&self, what: &str, name: &str) -> CostLine {
        let lines = self.0.lock().unwrap();
        let line = lines.iter().rev().find(|line| line.kind == what && line.name.contains(name));
        line.unwrap_or_else(|| panic!("{what} {name} is not logged: {lines:#?}")).clone()
    }
}

struct CostTable {
    lines: CostLines,
    rows: Vec<(&'static str, CostLine)>,
}

impl CostTable {
    /// Adds the cost of the latest request to the path.
    fn add_request(&mut self, operation: &'static str, path: &str) {
        self.rows.push((operation, self.lines.newest("answered", path)));
    }

    /// Adds the cost of the latest message of the route.
    fn add_message(&mut self, operation: &'static str, route: &str) {
        self.rows.push((operation, self.lines.newest("handled", route)));
    }

    /// Adds the cost of the latest run of the job.
    fn add_job(&mut self, operation: &'static str, job: &str) {
        self.rows.push((operation, self.lines.newest("done", job)));
    }

    fn row(&self, operation: &str) -> &CostLine {
        &self.rows.iter().find(|(name, _)| *name == operation).unwrap().1
    }

    fn to_markdown(&self) -> String {
        let mut text = String::from(
            "# What operations cost\n\n\
             Requests to the table and capacity units, as DynamoDB reports them: an RRU is a read of 4 KB (0.5 if eventually \
             consistent), a WRU is a write of 1 KB, and both double in a transaction. Measured by\n\
             `tests/e2e/contracts/operations_cost_what_costs_md_says/`, which fails if an operation has another \
             cost;\n\
             `COLLOQUY_UPDATE=1 cargo test -p tests operations_cost` writes this file.\n\n\
             | operation | requests | RRU | WRU |\n| --- | ---: | ---: | ---: |\n",
        );
        for (operation, CostLine { requests, read, write, .. }) in &self.rows {
            writeln!(text, "| {operation} | {requests} | {read} | {write} |").unwrap();
        }
        text
    }
}

/// Calls each operation once, in an order in which every operation has data to work on. The session has one guest.
async fn measure_all(world: &World, lines: &CostLines) -> CostTable {
    let mut table = CostTable { lines: lines.clone(), rows: Vec::new() };
    let ana = identity::measure(world, &mut table).await;
    let presentation = presentations::measure(&mut table, &ana).await;
    images::measure(world, &mut table, &ana).await;
    sessions::measure(world, &mut table, &ana, &presentation).await;
    chat::measure(world, &mut table).await;
    table
}

#[tokio::test]
async fn operations_cost_what_costs_md_says() {
    let lines = CostLines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let Some(world) = World::local_only_with("costs", LocalOptions::default()).await else { return };
    let table = measure_all(&world, &lines).await;

    // ARCHITECTURE 10
    let vote = table.row("vote");
    assert!(vote.write <= 1.0 && vote.read <= 0.1, "{vote:?}");
    assert!(table.row("read a session").read <= 1.0, "{:?}", table.row("read a session"));

    let file = repository().join("infra/COSTS.md");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == table.to_markdown() {
        return;
    }
    if is_update_run() {
        fs::write(&file, table.to_markdown()).unwrap();
        return;
    }
    panic!("infra/COSTS.md differs; the measured costs are:\n{}", table.to_markdown());
}

#[expect(clippy::disallowed_methods, reason = "asks for an update of the file, not a setting of the product")]
pub(super) fn is_update_run() -> bool {
    std::env::var("COLLOQUY_UPDATE").is_ok()
}

/// Reading one item costs the same regardless of how many other items its owner has.
#[tokio::test]
async fn one_of_two_hundred_items_costs_the_same_as_a_single_item() {
    let lines = CostLines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let Some(world) = World::local_only_with("costs", LocalOptions::default()).await else { return };
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    let session = ana.create_session(&presentation).await;
    let before = cost_of_single_reads(&ana, &presentation.id, &session.id, &lines).await;
    for number in 0..200 {
        ana.client.post("/v1/presentations", &json!({ "title": format!("Number {number}") })).await.ok(201);
    }
    let other = ana.create_presentation(1).await;
    for _ in 0..30 {
        ana.create_session(&other).await;
    }
    assert_eq!(cost_of_single_reads(&ana, &presentation.id, &session.id, &lines).await, before);
}

async fn cost_of_single_reads(
    ana: &User,
    presentation: &str,
    session: &str,
    lines: &CostLines,
) -> Vec<(u64, f64, f64)> {
    let mut costs = Vec::new();
    let paths =
        [format!("/v1/presentations/{presentation}"), format!("/v1/presentations/{presentation}/slides")];
    for path in paths.into_iter().chain([format!("/v1/sessions/{session}"), "/v1/users/me".into()]) {
        ana.client.get(&path).await.ok(200);
        costs.push(lines.newest("answered", &path));
    }
    for (path, body) in [
        (format!("/v1/presentations/{presentation}/slides"), choice_slide(1, false)),
        ("/v1/sessions".to_owned(), json!({ "presentation_id": presentation })),
        ("/v1/realtime/tickets".to_owned(), json!({ "session_id": session })),
    ] {
        ana.client.post(&path, &body).await.ok(201);
        costs.push(lines.newest("answered", &path));
    }
    costs.into_iter().map(|line| (line.requests, line.read, line.write)).collect()
}
