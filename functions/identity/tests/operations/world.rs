//! One door of identity with a cloud of its own.

use std::{collections::BTreeMap, time::Duration};

use cloud::bench::{Answer, Ask, Bench, Client};
use entry::{App, Clock, Door, Environment};
use lambda_runtime::Context;
use protocol::job::Queue;
use serde_json::{Value, json};

/// Withstands `password_hash::choose`.
pub(crate) const PASSWORD: &str = "a heron over grey water";

const HOUR_MS: u64 = 3_600_000;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    bench: Bench,
    client: Client,
}

/// What somebody who has logged in is known by.
pub(crate) fn token_of(tokens: &Value) -> &str {
    tokens["access_token"].as_str().expect("an access token")
}

async fn client(variables: BTreeMap<String, String>, clock: &Clock) -> Client {
    through(identity::api(Environment::of(variables, clock.clone())).await.expect("a door"))
}

fn through(door: Door) -> Client {
    Client::new(move |event| {
        let door = door.clone();
        async move { door.call(event, Context::default()).await }
    })
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        // limits count in windows: tests begin with one
        clock.advance(Duration::from_millis(HOUR_MS - clock.millis().unsigned_abs() % HOUR_MS));
        let time = clock.clone();
        let bench = Bench::start(move || time.millis(), None).await.expect("a bench");
        let mut variables = bench.variables();
        variables.insert("FIRST_ADMIN_EMAIL".into(), "root@example.com".into());
        let app = App::start(&Environment::of(variables.clone(), clock.clone()), &[]).await.expect("an app");
        let client = client(variables, &clock).await;
        Self { app, clock, bench, client }
    }

    /// From now on whatever is posted to a socket is refused.
    pub(crate) async fn mute(&mut self) {
        let mut variables = self.bench.variables();
        variables.insert("SOCKET_ENDPOINT".into(), self.bench.nowhere());
        self.client = client(variables, &self.clock).await;
    }

    /// The door of staff; a mute one cannot post to sockets.
    pub(crate) async fn staff(&self, is_mute: bool) -> Client {
        let mut variables = self.bench.variables();
        if is_mute {
            variables.insert("SOCKET_ENDPOINT".into(), self.bench.nowhere());
        }
        through(identity::admin_api(Environment::of(variables, self.clock.clone())).await.expect("a door"))
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        self.client.ask(method, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask("POST", path).json(body)
    }

    /// As an HTML form has it.
    pub(crate) fn post_form(&self, path: &str, form: &str) -> Ask {
        self.ask("POST", path).body("application/x-www-form-urlencoded", form)
    }

    pub(crate) fn get(&self, path: &str, tokens: &Value) -> Ask {
        self.ask("GET", path).bearer(token_of(tokens))
    }

    /// Signs somebody up as `{name}@example.com`.
    pub(crate) async fn register(&self, name: &str) -> Value {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "name": name });
        self.post("/v1/auth/register", &body).send().await.ok(201)
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> Answer {
        let body = json!({ "email": format!("{name}@example.com"), "password": password });
        self.post("/v1/auth/login", &body).send().await
    }

    /// The letters that wait to be sent, oldest first.
    pub(crate) fn letters(&self) -> Vec<Value> {
        let waiting = self.bench.waiting(Queue::Mail.setting()).unwrap();
        waiting.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()["payload"].clone()).collect()
    }
}
