//! The door `api-presentations` on an embedded table, and people who use it.

use std::{collections::BTreeMap, sync::Arc};

use cloud::{Chaos, Cloud, Data, Options, TableSpec};
use entry::{
    App, Clock, Door, Environment,
    tokens::{Access, REFRESH_LIFE},
};
use protocol::job::Queue;
use serde_json::{Value, json};
use store::logins::Login;

pub(crate) struct World {
    door: Door,
    app: App,
    cloud: Cloud,
}

/// The table's properties have none of CloudFormation's short tags.
fn table() -> TableSpec {
    let template: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(include_str!("../../../../template.yaml")).unwrap();
    let definition = serde_json::to_value(&template["Resources"]["Table"]["Properties"]).unwrap();
    TableSpec { name: "table".into(), definition }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }

    /// A table that throttles and whose transactions conflict.
    pub(crate) async fn misbehaving(seed: u64) -> Self {
        Self::with(Some(Chaos::from_seed(seed))).await
    }

    async fn with(chaos: Option<Chaos>) -> Self {
        let clock = Clock::system();
        let now = clock.clone();
        let cloud = Cloud::start(Options {
            now: Arc::new(move || now.millis()),
            data: Data::Memory,
            port: 0,
            tables: vec![table()],
            queues: Vec::new(),
            chaos,
            access: cloud::Access::default(),
        })
        .await
        .unwrap();
        let mut variables: BTreeMap<String, String> = cloud.variables();
        for (name, value) in [
            ("TABLE", "table"),
            ("SIGNING_SECRET", "a-secret-of-tests-that-has-more-than-32-characters"),
            ("PUBLIC_URL", "http://localhost"),
            ("SOCKET_URL", "ws://localhost"),
            ("SOCKET_ENDPOINT", &cloud.socket_endpoint()),
            ("SHOW_COST", "true"),
        ] {
            variables.insert(name.into(), value.into());
        }
        for queue in Queue::ALL {
            variables.insert(queue.setting().into(), cloud.url().into());
        }
        let environment = Environment::of(variables, clock);
        let app = App::start(&environment, &[]).await.unwrap();
        Self { door: presentations::api(environment).await.unwrap(), app, cloud }
    }

    /// Someone new who has logged in.
    pub(crate) async fn person(&self) -> Person<'_> {
        let now = self.app.clock.now();
        let login = Login {
            user: self.app.clock.id(),
            id: self.app.clock.id(),
            generation: 1,
            rotated_at: now,
            created_at: now,
            expires_at: now + REFRESH_LIFE,
            user_agent: None,
            ip: None,
            ended_at: None,
        };
        self.app.store.put(&login).await.unwrap();
        let access = Access { user: login.user, login: login.id };
        Person { world: self, token: Some(self.app.tokens.sign(&access, now).unwrap()) }
    }

    pub(crate) fn nobody(&self) -> Person<'_> {
        Person { world: self, token: None }
    }

    /// Everything that lies in the table, as it came from the engine.
    pub(crate) async fn dump(&self) -> String {
        let client = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
                .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                    cloud::iam::ADMINISTRATOR,
                    "none",
                    None,
                    None,
                    "test",
                ))
                .endpoint_url(self.cloud.dynamodb_url())
                .build(),
        );
        let output = client.scan().table_name("table").send().await.unwrap();
        assert!(output.last_evaluated_key.is_none(), "small enough to see whole");
        format!("{:?}", output.items)
    }
}

pub(crate) struct Person<'a> {
    world: &'a World,
    token: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) body: Value,
    pub(crate) cost: String,
}

impl Person<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    /// The event of an HTTP API, payload format 2.0.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = json!({ "host": "localhost", "content-type": "application/json" });
        if let Some(token) = &self.token {
            headers["authorization"] = format!("Bearer {token}").into();
        }
        let event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": raw_path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "1", "apiId": "1", "domainName": "localhost", "domainPrefix": "localhost",
                "http": {
                    "method": method, "path": raw_path, "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "test",
                },
                "requestId": "r-1", "routeKey": "$default", "stage": "$default",
                "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_000_000_000_i64,
            },
            "body": body,
            "isBase64Encoded": false,
        });
        let answer = self.world.door.call(event, lambda_runtime::Context::default()).await.unwrap();
        let text = answer["body"].as_str().unwrap_or_default();
        Answer {
            status: answer["statusCode"].as_u64().unwrap(),
            body: if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() },
            cost: answer["headers"]["x-colloquy-cost"].as_str().unwrap_or_default().into(),
        }
    }

    /// The path of a new presentation.
    pub(crate) async fn presentation(&self, title: &str) -> String {
        let answer = self.post("/v1/presentations", json!({ "title": title })).await.expect(201);
        format!("/v1/presentations/{}", answer["id"].as_str().unwrap())
    }

    /// The id of a new slide at the end.
    pub(crate) async fn slide(&self, presentation: &str, kind: &str) -> String {
        let answer = self.post(&format!("{presentation}/slides"), json!({ "type": kind })).await;
        answer.expect(201)["id"].as_str().unwrap().into()
    }

    /// The ids of the slides, in their order, after making sure that their indexes have no gaps.
    pub(crate) async fn order(&self, presentation: &str) -> Vec<String> {
        let list = self.get(&format!("{presentation}/slides")).await.expect(200);
        let items = list["items"].as_array().unwrap();
        for (index, slide) in items.iter().enumerate() {
            assert_eq!(slide["order_index"], index, "{list}");
        }
        assert_eq!(list["total"], items.len());
        items.iter().map(|slide| slide["id"].as_str().unwrap().to_owned()).collect()
    }
}

impl Answer {
    pub(crate) fn expect(self, status: u64) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// An error of this status and code.
    pub(crate) fn refused(self, status: u64, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["request_id"], "r-1");
        body
    }

    /// 422, and the fields that are named.
    pub(crate) fn fields(self) -> Vec<String> {
        let body = self.refused(422, "VALIDATION_ERROR");
        body["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap().to_owned()).collect()
    }
}
