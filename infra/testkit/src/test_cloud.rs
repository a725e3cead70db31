//! A cloud in memory with the table and the queues of `template.yaml`. A queue of the template needs no entry here.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use emulator::{Chaos, DataLocation, Emulator, EmulatorOptions, IamConfig, iam::ADMINISTRATOR};
use store::Store;

use crate::{fixed_time, test_template::TestTemplate};

/// The name of the table.
pub const TABLE_NAME: &str = "table";

/// The variables that every function reads and that do not depend on the cloud.
const FIXED_VARIABLES: [(&str, &str); 6] = [
    ("TABLE", TABLE_NAME),
    (
        "SIGNING_SECRET",
        r#"{"current": "a-secret-of-tests-with-more-than-32-characters", "previous": "none", "revision": "1"}"#,
    ),
    ("PUBLIC_URL", "https://colloquy.example"),
    ("SOCKET_URL", "wss://socket.example"),
    ("MAIL_SENDER", "no-reply@example.com"),
    ("SHOW_COST", "true"),
];

/// A cloud for one test. Its data is deleted when it is dropped.
pub struct TestCloud {
    pub emulator: Emulator,
    template: TestTemplate,
}

impl TestCloud {
    /// Starts the cloud. The services use the clock `now`, which is that of the test, so both advance together.
    pub async fn start(
        now: impl Fn() -> i64 + Send + Sync + 'static,
        chaos: Option<Chaos>,
    ) -> anyhow::Result<Self> {
        let template = TestTemplate::of_repository()?;
        let options = EmulatorOptions {
            now: Arc::new(now),
            data: DataLocation::Memory,
            port: 0,
            tables: vec![template.table(TABLE_NAME)],
            queues: template.queues(),
            chaos,
            iam: IamConfig::default(),
        };
        Ok(Self { emulator: Emulator::start(options).await?, template })
    }

    /// Starts the cloud at [`fixed_time`], where its clock stays.
    pub async fn at_fixed_time() -> Self {
        let millis = fixed_time().as_millisecond();
        Self::start(move || millis, None).await.expect("a test cloud")
    }

    /// Returns a client of the table that may do everything.
    pub fn dynamodb_client(&self) -> Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(emulator::REGION))
            .credentials_provider(Credentials::new(ADMINISTRATOR, "local", None, None, "test"))
            .endpoint_url(self.emulator.dynamodb_url())
            .build();
        Client::from_conf(config)
    }

    /// Returns a store of the table.
    pub fn store(&self) -> Store {
        let store = Store::new(self.dynamodb_client(), TABLE_NAME.into());
        store.set_cursor_secret("a secret of tests");
        store
    }

    /// Returns the complete environment of a function.
    pub fn function_environment(&self) -> BTreeMap<String, String> {
        let mut variables = self.emulator.lambda_environment();
        variables.extend(environment_from_template(
            &self.template,
            &self.emulator.socket_endpoint(),
            |queue| self.emulator.sqs().url(queue),
        ));
        variables
    }

    /// Returns a URL of the cloud that has no queue and no socket.
    pub fn unreachable_url(&self) -> String {
        format!("{}/nowhere", self.emulator.url())
    }

    /// Returns the bodies in the queue of a variable (`MAIL_QUEUE_URL`), oldest first.
    pub fn queued_bodies(&self, setting: &str) -> anyhow::Result<Vec<String>> {
        let queue = self
            .template
            .queue_env_vars()
            .find_map(|(name, queue)| (name == setting).then_some(queue))
            .with_context(|| format!("template.yaml has no queue for {setting}"))?;
        Ok(self.emulator.sqs().peek(queue).into_iter().map(|message| message.body).collect())
    }
}

/// Returns the same environment with one URL for all services. The URL need not exist. A test may override
/// `AWS_ENDPOINT_URL_…` and `SOCKET_ENDPOINT`.
pub fn function_environment_at(url: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut variables = environment_from_template(&TestTemplate::of_repository()?, url, |queue| {
        format!("{url}/queues/{queue}")
    });
    for (name, value) in [
        ("AWS_REGION", emulator::REGION),
        ("AWS_ACCESS_KEY_ID", ADMINISTRATOR),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL", url),
    ] {
        variables.insert(name.into(), value.into());
    }
    Ok(variables)
}

fn environment_from_template(
    template: &TestTemplate,
    sockets: &str,
    url: impl Fn(&str) -> String,
) -> BTreeMap<String, String> {
    let fixed = FIXED_VARIABLES.into_iter().chain([("SOCKET_ENDPOINT", sockets)]);
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let queues = template.queue_env_vars().map(|(setting, queue)| (setting.to_owned(), url(queue)));
    fixed.chain(queues).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[tokio::test]
    async fn the_test_cloud_has_every_queue_of_the_template() {
        let cloud = TestCloud::start(|| 0, None).await.unwrap();
        let queues = cloud.emulator.sqs();
        let text = std::fs::read_to_string(repository().join("template.yaml")).unwrap();
        assert_eq!(queues.names().len(), text.matches("Type: AWS::SQS::Queue\n").count());
        assert!(queues.names().contains(&"TicksQueue.fifo".to_owned()), "{:?}", queues.names());
        let variables = cloud.function_environment();
        assert_eq!(variables["TICKS_QUEUE_URL"], queues.url("TicksQueue.fifo"));
        assert_eq!(
            variables.keys().filter(|name| name.ends_with("_QUEUE_URL")).count(),
            text.matches("_QUEUE_URL: !Ref ").count()
        );
        assert!(cloud.queued_bodies("MAIL_QUEUE_URL").unwrap().is_empty());
        assert!(cloud.queued_bodies("TABLE").is_err());
        let elsewhere = function_environment_at("http://127.0.0.1:9").unwrap();
        let missing: Vec<_> = variables.keys().filter(|name| !elsewhere.contains_key(*name)).collect();
        assert!(missing.iter().all(|name| name.starts_with("AWS_")), "{missing:?}");
    }
}
