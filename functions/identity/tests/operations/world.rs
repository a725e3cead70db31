//! One door of identity with a cloud of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cloud::{Cloud, Data, Options, QueueSpec, TableSpec};
use entry::{App, Clock, Door, Environment};
use lambda_runtime::Context;
use serde_json::{Value, json};

/// Withstands `password_hash::choose`.
pub(crate) const PASSWORD: &str = "a heron over grey water";

const HOUR_MS: u64 = 3_600_000;

pub(crate) const QUEUES: [(&str, &str); 4] = [
    ("SESSIONS_QUEUE_URL", "sessions"),
    ("TICKS_QUEUE_URL", "ticks.fifo"),
    ("BROADCAST_QUEUE_URL", "broadcast"),
    ("MAIL_QUEUE_URL", "mail"),
];

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) cloud: Cloud,
    variables: BTreeMap<String, String>,
    door: Door,
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) body: Value,
    pub(crate) headers: Value,
    pub(crate) cookies: Vec<String>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self, status: u64) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u64, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:?}", self.body);
        self.body
    }

    /// The first field at fault.
    #[track_caller]
    pub(crate) fn wrong(self, field: &str) {
        let body = self.refused(422, "VALIDATION_ERROR");
        let fields: Vec<_> =
            body["fields"].as_array().into_iter().flatten().map(|one| &one["field"]).collect();
        assert!(fields.contains(&&json!(field)), "{body}");
    }
}

/// A request on its way.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    world: &'a World,
    method: &'static str,
    path: String,
    headers: BTreeMap<&'static str, String>,
    body: Option<String>,
    ip: String,
}

impl Ask<'_> {
    pub(crate) fn bearer(mut self, tokens: &Value) -> Self {
        let token = tokens["access_token"].as_str().expect("an access token");
        self.headers.insert("authorization", format!("Bearer {token}"));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.headers.insert("content-type", "application/json".into());
        self.body = Some(body.to_string());
        self
    }

    pub(crate) fn form(mut self, body: &str) -> Self {
        self.headers.insert("content-type", "application/x-www-form-urlencoded".into());
        self.body = Some(body.into());
        self
    }

    pub(crate) fn from(mut self, ip: &str) -> Self {
        self.ip = ip.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let cookies: Vec<&str> =
            self.headers.get("cookie").map(|all| all.split("; ").collect()).unwrap_or_default();
        let event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": self.headers,
            "cookies": cookies,
            "requestContext": {
                "accountId": "0", "apiId": "api", "domainName": "localhost", "domainPrefix": "api",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": self.ip, "userAgent": "tests",
                },
                "requestId": "request", "routeKey": "$default", "stage": "$default",
                "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 0,
            },
            "body": self.body,
            "isBase64Encoded": false,
        });
        let answer = self.world.door.call(event, Context::default()).await.expect("an answer");
        let text = answer["body"].as_str().unwrap_or_default();
        Answer {
            status: answer["statusCode"].as_u64().expect("a status"),
            body: serde_json::from_str(text).unwrap_or(Value::Null),
            headers: answer["headers"].clone(),
            cookies: answer["cookies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|c| c.as_str().unwrap().into())
                .collect(),
        }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        // limits count in windows: tests begin with one
        clock.advance(Duration::from_millis(HOUR_MS - clock.millis().unsigned_abs() % HOUR_MS));
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../../../template.yaml")).expect("a template");
        let definition =
            serde_json::to_value(&template["Resources"]["Table"]["Properties"]).expect("a table");
        let queue =
            |name: &str| QueueSpec { name: name.into(), fifo: name == "ticks.fifo", ..QueueSpec::default() };
        let time = clock.clone();
        let cloud = Cloud::start(Options {
            now: Arc::new(move || time.millis()),
            data: Data::Memory,
            port: 0,
            tables: vec![TableSpec { name: "table".into(), definition }],
            queues: QUEUES.map(|(_, name)| queue(name)).into(),
            chaos: None,
            access: cloud::Access::default(),
        })
        .await
        .expect("a cloud");
        let mut variables = cloud.variables();
        for (setting, name) in QUEUES {
            variables.insert(setting.into(), cloud.queues().url(name));
        }
        for (setting, value) in [
            ("TABLE", "table"),
            ("SIGNING_SECRET", "a-secret-of-tests-with-more-than-32-characters"),
            ("PUBLIC_URL", "https://colloquy.example"),
            ("SOCKET_URL", "wss://socket.example"),
            ("SOCKET_ENDPOINT", &cloud.socket_endpoint()),
            ("MAIL_SENDER", "no-reply@example.com"),
            ("FIRST_ADMIN_EMAIL", "root@example.com"),
            ("SHOW_COST", "true"),
        ] {
            variables.insert(setting.into(), value.into());
        }
        let environment = Environment::of(variables.clone(), clock.clone());
        let app = App::start(&environment, &[]).await.expect("an app");
        let door = identity::api(environment).await.expect("a door");
        Self { app, clock, cloud, variables, door }
    }

    /// From now on whatever is posted to a socket is refused.
    pub(crate) async fn mute(&mut self) {
        self.variables.insert("SOCKET_ENDPOINT".into(), format!("{}/elsewhere", self.cloud.url()));
        let environment = Environment::of(self.variables.clone(), self.clock.clone());
        self.door = identity::api(environment).await.expect("a door");
    }

    pub(crate) fn ask(&self, method: &'static str, path: &str) -> Ask<'_> {
        Ask {
            world: self,
            method,
            path: path.into(),
            headers: BTreeMap::new(),
            body: None,
            ip: "203.0.113.7".into(),
        }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask<'_> {
        self.ask("POST", path).json(body)
    }

    pub(crate) fn get(&self, path: &str, tokens: &Value) -> Ask<'_> {
        self.ask("GET", path).bearer(tokens)
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
        let waiting = self.cloud.queues().peek("mail");
        waiting
            .iter()
            .map(|message| serde_json::from_str::<Value>(&message.body).unwrap()["payload"].clone())
            .collect()
    }
}
