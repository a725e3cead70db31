//! A store on the embedded engine at a fixed time.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use emulator::bench::{TABLE_NAME, TestCloud};
use jiff::Timestamp;
use store::Store;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) _cloud: TestCloud,
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub(crate) fn id<T: From<Uuid>>(n: u128) -> T {
    T::from(Uuid::from_u128(n))
}

pub(crate) async fn store_world() -> World {
    let millis = now().as_millisecond();
    let cloud = TestCloud::start(move || millis, None).await.unwrap();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(cloud.emulator.dynamodb_url())
        .build();
    World { store: Store::new(Client::from_conf(config), TABLE_NAME.into(), [7; 32]), _cloud: cloud }
}
