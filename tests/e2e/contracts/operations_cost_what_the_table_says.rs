//! What operations ask of the table, as DynamoDB reports it and the functions log it, against `infra/COSTS.md`: a dearer
//! operation shows as a diff. `COLLOQUY_UPDATE=1 cargo test -p tests operations_cost` writes the file anew.

use std::{
    fmt::{self, Write},
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use local::LocalOptions;
use reqwest::Method;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt};

use crate::world::{
    DEADLINE, Socket, User, World,
    people::{question, vote},
    pictures::picture,
    repository,
};

/// The line that a function logs of a request or a message.
#[derive(Clone, Debug, Default, PartialEq)]
struct Line {
    what: String,
    /// Path, or route of a message.
    name: String,
    requests: u64,
    read: f64,
    write: f64,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        match field.name() {
            "message" => self.what = text,
            "path" | "route" => self.name = text,
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
struct Lines(Arc<Mutex<Vec<Line>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        if ["answered", "handled"].contains(&line.what.as_str()) {
            self.0.lock().unwrap().push(line);
        }
    }
}

impl Lines {
    fn all(&self, what: &str, name: &str) -> Vec<Line> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.what == what && line.name == name).cloned().collect()
    }

    /// Waits until so many messages of a route were handled.
    async fn heard(&self, route: &str, count: u64) {
        let heard = async {
            while (self.all("handled", route).len() as u64) < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(DEADLINE, heard).await.expect("it is handled");
    }

    /// What the request or message cost that has just been answered.
    fn last(&self, what: &str, name: &str) -> Line {
        let lines = self.0.lock().unwrap();
        let line = lines.iter().rev().find(|line| line.what == what && line.name.contains(name));
        line.unwrap_or_else(|| panic!("{what} {name} is not logged: {lines:#?}")).clone()
    }
}

#[derive(Default)]
struct Table(Vec<(&'static str, Line)>);

impl Table {
    fn of(&self, operation: &str) -> &Line {
        &self.0.iter().find(|(name, _)| *name == operation).unwrap().1
    }

    fn written(&self) -> String {
        let mut text = String::from(
            "# What operations cost\n\n\
             Requests to the table and capacity units, as DynamoDB reports them: an RRU is a read of 4 KB (0.5 where it may \
             be a moment old), a WRU a write of 1 KB, both double in a transaction. Measured by\n\
             `tests/e2e/contracts/operations_cost_what_the_table_says.rs`, which fails when an operation costs something \
             else;\n\
             `COLLOQUY_UPDATE=1 cargo test -p tests operations_cost` writes this file.\n\n\
             | operation | requests | RRU | WRU |\n| --- | ---: | ---: | ---: |\n",
        );
        for (operation, Line { requests, read, write, .. }) in &self.0 {
            writeln!(text, "| {operation} | {requests} | {read} | {write} |").unwrap();
        }
        text
    }
}

/// What one shows of oneself, and what a team sees, by the only one in it.
async fn team(world: &World, lines: &Lines, table: &mut Table) {
    let answered = |name: &str| lines.last("answered", name);
    let bo = world.user("bo").await;
    bo.client.patch("/v1/users/me", &json!({ "name": "Bo Lima" })).await.ok(200);
    table.0.push(("change one's name", answered("/users/me")));
    bo.client.patch("/v1/users/me", &json!({ "username": "bob" })).await.ok(200);
    table.0.push(("take a user name", answered("/users/me")));
    bo.client.patch("/v1/users/me", &json!({ "name": "Bo" })).await.ok(200);
    table.0.push(("change one's name, with a user name", answered("/users/me")));
    bo.client.get("/v1/users").await.ok(200);
    table.0.push(("list a team of 1", answered("/users")));
    bo.client.get("/v1/users/search/bo").await.ok(200);
    table.0.push(("look for somebody in a team of 1", answered("/users/search")));
}

/// A session with one guest, each operation once, in an order that leaves every one something to do.
async fn measure(world: &World, lines: &Lines) -> Table {
    let mut table = Table::default();
    let answered = |name: &str| lines.last("answered", name);
    let ana = world.user("ana").await;
    table.0.push(("sign up", answered("/register")));
    ana.log_in(world).await;
    table.0.push(("log in", answered("/login")));
    world.nobody().post("/v1/auth/refresh", &json!({ "refresh_token": ana.refresh_token })).await.ok(200);
    table.0.push(("refresh", answered("/refresh")));
    ana.client.get("/v1/users/me").await.ok(200);
    table.0.push(("read oneself", answered("/users/me")));
    team(world, lines, &mut table).await;

    let presentation = ana.presentation(1).await;
    table.0.push(("append a slide", answered("/slides")));
    let one = format!("/v1/presentations/{}", presentation.id);
    let slide = format!("/v1/slides/{}", presentation.slides[0].id);
    ana.client.post("/v1/presentations", &json!({ "title": "Otters" })).await.ok(201);
    table.0.push(("create a presentation", answered("/presentations")));
    ana.client.get(&one).await.ok(200);
    table.0.push(("read a presentation of 1 slide", answered(&one)));
    ana.client.put(&one, &json!({ "title": "Herons" })).await.ok(200);
    table.0.push(("change a presentation", answered(&one)));
    ana.client.get("/v1/presentations").await.ok(200);
    table.0.push(("list 2 presentations", answered("/presentations")));
    ana.client.get(&slide).await.ok(200);
    table.0.push(("read a slide", answered(&slide)));
    ana.client.put(&slide, &question(2, false)).await.ok(200);
    table.0.push(("change a slide", answered(&slide)));

    let ask = ana.client.ask(Method::POST, "/v1/upload/image").file("image/png", &picture());
    let image = ask.send().await.ok(201);
    table.0.push(("upload an image below 1 KB", answered("/upload/image")));
    let url = image["url"].as_str().unwrap();
    world.nobody().get(url).await.ok(200);
    table.0.push(("show an image below 1 KB, the first that an instance shows of it", answered(url)));
    world.nobody().get(url).await.ok(200);
    table.0.push(("show an image", answered(url)));
    ana.client.delete(url).await.ok(204);
    table.0.push(("delete an image below 1 KB", answered(url)));

    let session = ana.session(&presentation).await;
    table.0.push(("create a session", answered("/sessions")));
    session.go("start").await;
    table.0.push(("start a session", answered("/start")));
    ana.client.get(&format!("/v1/sessions/{}", session.id)).await.ok(200);
    table.0.push(("read a session", answered(&session.id)));
    world.nobody().get(&format!("/v1/sessions/code/{}", session.code)).await.ok(200);
    table.0.push(("find a session by its code", answered(&session.code)));
    let _presenter = ana.socket(&session).await;
    table.0.push(("a presenter's ticket", answered("/tickets")));
    world.quiet().await;
    table.0.push(("connect as presenter", lines.last("handled", "$connect")));
    let bo = session.join(world, Some("Bo")).await;
    table.0.push(("join by code", answered("/join")));
    let mut socket = Socket::open(&bo.websocket_url).await;
    socket.wait("session_state").await;
    table.0.push(("connect as participant", lines.last("handled", "$connect")));
    world.quiet().await;

    let slide = &presentation.slides[0];
    // one after the other: what the first has read is remembered for half a second
    for seq in 1..=6 {
        socket.send("response_submitted", vote(slide, "a", seq)).await;
        lines.heard("response_submitted", seq).await;
    }
    world.quiet().await;
    let votes = lines.all("handled", "response_submitted");
    table.0.push(("vote, the first that an instance sees of a session", votes[0].clone()));
    let cheapest = votes.into_iter().min_by(|a, b| a.read.total_cmp(&b.read)).unwrap();
    table.0.push(("vote", cheapest));
    socket.catch_up().await;
    lines.heard("ping", 1).await;
    table.0.push(("ping", lines.last("handled", "ping")));
    session.responses(slide).await;
    table.0.push(("read the answers to a slide, 1 answer", answered("/responses/slide/")));
    session.show(slide).await;
    table.0.push(("show a slide for the first time", answered("/slide")));
    session.show(slide).await;
    table.0.push(("show a slide", answered("/slide")));
    let questions = format!("/v1/sessions/{}/questions", session.id);
    let asked = json!({ "question_text": "Where do herons nest?" });
    let asked = bo.client.post(&questions, &asked).await.ok(201);
    table.0.push(("ask a question, the first of a session", answered("/questions")));
    world.quiet().await;
    let question = asked["question_id"].as_str().unwrap();
    bo.client.put(&format!("{questions}/{question}/upvote"), &json!({})).await.ok(204);
    table.0.push(("up-vote a question", answered("/upvote")));
    world.quiet().await;
    bo.client.get(&questions).await.ok(200);
    table.0.push(("list 1 question", answered("/questions")));
    let answer = json!({ "response_text": "In high trees." });
    ana.client.post(&format!("{questions}/{question}/answer"), &answer).await.ok(200);
    table.0.push(("answer a question", answered("/answer")));
    let results = format!("/v1/sessions/{}/slides/{}/results", session.id, slide.id);
    ana.client.put(&results, &json!({ "visible": false })).await.ok(200);
    table.0.push(("hide the results of a slide", answered("/results")));
    world.quiet().await;
    socket.hang_up().await;
    world.quiet().await;
    table.0.push(("disconnect as participant", lines.last("handled", "$disconnect")));
    session.go("end").await;
    table.0.push(("end a session", answered("/end")));
    table
}

#[tokio::test]
async fn operations_cost_what_the_table_says() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let Some(world) = World::local_with("costs", LocalOptions::default()).await else { return };
    let table = measure(&world, &lines).await;

    // DESIGN 10
    let vote = table.of("vote");
    assert!(vote.write <= 1.0 && vote.read <= 0.1, "{vote:?}");
    assert!(table.of("read a session").read <= 1.0, "{:?}", table.of("read a session"));

    let file = repository().join("infra/COSTS.md");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == table.written() {
        return;
    }
    if updating() {
        fs::write(&file, table.written()).unwrap();
        return;
    }
    panic!("infra/COSTS.md says otherwise; measured now:\n{}", table.written());
}

#[expect(clippy::disallowed_methods, reason = "asks for an update of the file, not a setting of the product")]
pub(super) fn updating() -> bool {
    std::env::var("COLLOQUY_UPDATE").is_ok()
}

/// Naming one thing costs the same whatever else its owner has.
#[tokio::test]
async fn one_of_two_hundred_costs_what_one_costs() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::registry().with(lines.clone());
    let _listening = tracing::subscriber::set_default(subscriber);
    let Some(world) = World::local_with("costs", LocalOptions::default()).await else { return };
    let ana = world.user("ana").await;
    let presentation = ana.presentation(1).await;
    let session = ana.session(&presentation).await;
    let before = named(&ana, &presentation.id, &session.id, &lines).await;
    for number in 0..200 {
        ana.client.post("/v1/presentations", &json!({ "title": format!("Number {number}") })).await.ok(201);
    }
    let other = ana.presentation(1).await;
    for _ in 0..30 {
        ana.session(&other).await;
    }
    assert_eq!(named(&ana, &presentation.id, &session.id, &lines).await, before);
}

async fn named(ana: &User, presentation: &str, session: &str, lines: &Lines) -> Vec<(u64, f64, f64)> {
    let mut costs = Vec::new();
    let paths =
        [format!("/v1/presentations/{presentation}"), format!("/v1/presentations/{presentation}/slides")];
    for path in paths.into_iter().chain([format!("/v1/sessions/{session}"), "/v1/users/me".into()]) {
        ana.client.get(&path).await.ok(200);
        costs.push(lines.last("answered", &path));
    }
    for (path, body) in [
        (format!("/v1/presentations/{presentation}/slides"), question(1, false)),
        ("/v1/sessions".to_owned(), json!({ "presentation_id": presentation })),
        ("/v1/realtime/tickets".to_owned(), json!({ "session_id": session })),
    ] {
        ana.client.post(&path, &body).await.ok(201);
        costs.push(lines.last("answered", &path));
    }
    costs.into_iter().map(|line| (line.requests, line.read, line.write)).collect()
}
