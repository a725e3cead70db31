//! An emulator whose clock advances only when a test moves it, and SDK clients for it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_sdk_apigatewaymanagement as management;
use aws_sdk_dynamodb as dynamodb;
use aws_sdk_sesv2 as ses;
use aws_sdk_sqs as sqs;
use emulator::{
    Chaos, DataLocation, Emulator, EmulatorOptions, IamConfig, QueueSpec, TableSpec, iam::ADMINISTRATOR,
};
use serde_json::json;

pub(crate) const START_MILLIS: i64 = 1_800_000_000_000;

pub(crate) struct EmulatorWorld {
    pub(crate) emulator: Emulator,
    now: Arc<AtomicI64>,
}

pub(crate) struct WorldBuilder {
    queues: Vec<QueueSpec>,
    data: DataLocation,
    chaos: Option<Chaos>,
    access: IamConfig,
    now: i64,
}

impl EmulatorWorld {
    pub(crate) fn with_queues(queues: impl IntoIterator<Item = QueueSpec>) -> WorldBuilder {
        WorldBuilder {
            queues: queues.into_iter().collect(),
            data: DataLocation::Memory,
            chaos: None,
            access: IamConfig::default(),
            now: START_MILLIS,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.now.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn sqs(&self) -> sqs::Client {
        self.sqs_as(ADMINISTRATOR)
    }

    pub(crate) fn sqs_as(&self, key: &str) -> sqs::Client {
        let config = sqs::Config::builder()
            .behavior_version(sqs::config::BehaviorVersion::latest())
            .region(sqs::config::Region::new(emulator::REGION))
            .credentials_provider(sqs::config::Credentials::new(key, "secret", None, None, "test"))
            .endpoint_url(self.emulator.url())
            .build();
        sqs::Client::from_conf(config)
    }

    pub(crate) fn dynamodb(&self) -> dynamodb::Client {
        self.dynamodb_as(ADMINISTRATOR)
    }

    pub(crate) fn dynamodb_as(&self, key: &str) -> dynamodb::Client {
        let retry = dynamodb::config::retry::RetryConfig::standard()
            .with_max_attempts(8)
            .with_initial_backoff(Duration::from_millis(1));
        let config = dynamodb::Config::builder()
            .behavior_version(dynamodb::config::BehaviorVersion::latest())
            .region(dynamodb::config::Region::new(emulator::REGION))
            .credentials_provider(dynamodb::config::Credentials::new(key, "secret", None, None, "test"))
            .endpoint_url(self.emulator.dynamodb_url())
            .retry_config(retry)
            .build();
        dynamodb::Client::from_conf(config)
    }

    pub(crate) fn ses(&self) -> ses::Client {
        self.ses_as(ADMINISTRATOR)
    }

    pub(crate) fn ses_as(&self, key: &str) -> ses::Client {
        let config = ses::Config::builder()
            .behavior_version(ses::config::BehaviorVersion::latest())
            .region(ses::config::Region::new(emulator::REGION))
            .credentials_provider(ses::config::Credentials::new(key, "secret", None, None, "test"))
            .endpoint_url(self.emulator.url())
            .build();
        ses::Client::from_conf(config)
    }

    pub(crate) fn management(&self) -> management::Client {
        self.management_as(ADMINISTRATOR)
    }

    pub(crate) fn management_as(&self, key: &str) -> management::Client {
        let config = management::Config::builder()
            .behavior_version(management::config::BehaviorVersion::latest())
            .region(management::config::Region::new(emulator::REGION))
            .credentials_provider(management::config::Credentials::new(key, "secret", None, None, "test"))
            .endpoint_url(self.emulator.socket_endpoint())
            .build();
        management::Client::from_conf(config)
    }
}

impl WorldBuilder {
    pub(crate) fn data_in(self, dir: &Path) -> Self {
        Self { data: DataLocation::Dir(dir.to_owned()), ..self }
    }

    pub(crate) fn with_chaos(self, chaos: Chaos) -> Self {
        Self { chaos: Some(chaos), ..self }
    }

    pub(crate) fn with_iam(self, access: IamConfig) -> Self {
        Self { access, ..self }
    }

    /// Sets the clock to this long after [`START_MILLIS`].
    pub(crate) fn started_after(self, by: Duration) -> Self {
        Self { now: START_MILLIS + i64::try_from(by.as_millis()).unwrap(), ..self }
    }

    pub(crate) async fn start(self) -> EmulatorWorld {
        let now = Arc::new(AtomicI64::new(self.now));
        let clock = now.clone();
        let options = EmulatorOptions {
            now: Arc::new(move || clock.load(Ordering::Relaxed)),
            data: self.data,
            port: 0,
            tables: vec![things_table()],
            queues: self.queues,
            chaos: self.chaos,
            iam: self.access,
        };
        EmulatorWorld { emulator: Emulator::start(options).await.unwrap(), now }
    }
}

pub(crate) fn things_table() -> TableSpec {
    TableSpec {
        name: "things".to_owned(),
        definition: json!({
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "S" },
                { "AttributeName": "due_shard", "AttributeType": "S" },
                { "AttributeName": "due_at", "AttributeType": "S" },
            ],
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" },
                { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "due",
                "KeySchema": [
                    { "AttributeName": "due_shard", "KeyType": "HASH" },
                    { "AttributeName": "due_at", "KeyType": "RANGE" },
                ],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["kind"] },
            }],
            "StreamSpecification": { "StreamViewType": "NEW_IMAGE" },
            "TimeToLiveSpecification": { "AttributeName": "ttl", "Enabled": true },
            "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true },
        }),
    }
}

pub(crate) fn standard_queue(name: &str) -> QueueSpec {
    QueueSpec { name: name.to_owned(), ..QueueSpec::default() }
}

pub(crate) fn fifo_queue(name: &str) -> QueueSpec {
    QueueSpec { name: name.to_owned(), fifo: true, ..QueueSpec::default() }
}

/// The queue with a dead-letter queue that takes messages after this many receives.
pub(crate) fn with_dead_letter_queue(queue: QueueSpec, name: &str, after: u32) -> [QueueSpec; 2] {
    let dead_letters = QueueSpec { name: name.to_owned(), fifo: queue.fifo, ..QueueSpec::default() };
    [
        QueueSpec { dead_letter_queue: Some(name.to_owned()), max_receive_count: Some(after), ..queue },
        dead_letters,
    ]
}

pub(crate) fn bodies(received: &[emulator::ReceivedMessage]) -> Vec<&str> {
    received.iter().map(|message| message.body.as_str()).collect()
}
