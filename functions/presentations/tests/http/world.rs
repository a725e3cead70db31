//! The function `api-presentations` on an emulated table, and users who call it.

use serde_json::{Value, json};
use testkit::{Chaos, FunctionClient, TABLE_NAME, TestApp, TestAppOptions, TestResponse};

pub(crate) struct PresentationsWorld {
    kit: TestApp,
    client: FunctionClient,
}

impl PresentationsWorld {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }

    /// Starts with a table that throttles and whose transactions conflict.
    pub(crate) async fn with_chaos(seed: u64) -> Self {
        Self::with(Some(Chaos::from_seed(seed))).await
    }

    async fn with(chaos: Option<Chaos>) -> Self {
        let kit = TestApp::start_with(TestAppOptions { chaos, ..TestAppOptions::default() }).await;
        let client = FunctionClient::new(presentations::api(kit.environment()).await.unwrap());
        Self { kit, client }
    }

    /// Creates a user with a login session.
    pub(crate) async fn create_user(&self) -> ApiUser<'_> {
        let user = self.kit.clock.new_id();
        let login = self.kit.create_login(user).await;
        ApiUser { world: self, token: Some(self.kit.access_token(user, login).await) }
    }

    pub(crate) fn anonymous(&self) -> ApiUser<'_> {
        ApiUser { world: self, token: None }
    }

    /// Returns all items of the table, as the emulator returns them.
    pub(crate) async fn dump_table(&self) -> String {
        let scan = self.kit.cloud.dynamodb_client().scan().table_name(TABLE_NAME);
        let output = scan.send().await.unwrap();
        assert!(output.last_evaluated_key.is_none(), "one scan returns the whole table");
        format!("{:?}", output.items)
    }
}

pub(crate) struct ApiUser<'a> {
    world: &'a PresentationsWorld,
    token: Option<String>,
}

impl ApiUser<'_> {
    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send("POST", path, Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.send("PUT", path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> TestResponse {
        self.send("DELETE", path, None).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<String>) -> TestResponse {
        let ask = self.world.client.request(method, path);
        let ask = self.token.iter().fold(ask, |ask, token| ask.bearer(token));
        body.iter().fold(ask, |ask, body| ask.body("application/json", body)).send().await
    }

    /// Creates a presentation and returns its path.
    pub(crate) async fn create_presentation(&self, title: &str) -> String {
        let answer = self.post("/v1/presentations", json!({ "title": title })).await.ok(201);
        format!("/v1/presentations/{}", answer["id"].as_str().unwrap())
    }

    /// Adds a slide at the end and returns its id.
    pub(crate) async fn create_slide(&self, presentation: &str, kind: &str) -> String {
        let answer = self.post(&format!("{presentation}/slides"), json!({ "type": kind })).await;
        answer.ok(201)["id"].as_str().unwrap().into()
    }

    /// Returns the ids of the slides in their order, and checks that their positions have no gaps.
    pub(crate) async fn slide_order(&self, presentation: &str) -> Vec<String> {
        let list = self.get(&format!("{presentation}/slides")).await.ok(200);
        let items = list["items"].as_array().unwrap();
        for (index, slide) in items.iter().enumerate() {
            assert_eq!(slide["order_index"], index, "{list}");
        }
        assert_eq!(list["total"], items.len());
        items.iter().map(|slide| slide["id"].as_str().unwrap().to_owned()).collect()
    }
}
