//! The services behind a door.

use std::{collections::BTreeMap, sync::Arc};

use cloud::{Cloud, Data, Options, TableSpec};
use entry::{App, Clock, Environment};
use protocol::job::Queue;

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) cloud: Cloud,
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../../../template.yaml")).unwrap();
        let definition = serde_json::to_value(&template["Resources"]["Table"]["Properties"]).unwrap();
        let time = clock.clone();
        let cloud = Cloud::start(Options {
            now: Arc::new(move || time.millis()),
            data: Data::Memory,
            port: 0,
            tables: vec![TableSpec { name: "table".into(), definition }],
            queues: Vec::new(),
            chaos: None,
            access: cloud::Access::default(),
        })
        .await
        .unwrap();
        let mut variables: BTreeMap<String, String> = cloud.variables();
        for queue in Queue::ALL {
            variables.insert(queue.setting().into(), cloud.queues().url("nowhere"));
        }
        for (setting, value) in [
            ("TABLE", "table"),
            ("SIGNING_SECRET", "a-secret-of-tests-with-more-than-32-characters"),
            ("PUBLIC_URL", "https://colloquy.example"),
            ("SOCKET_URL", "wss://socket.example"),
            ("SOCKET_ENDPOINT", &cloud.socket_endpoint()),
        ] {
            variables.insert(setting.into(), value.into());
        }
        let app = App::start(&Environment::of(variables, clock.clone()), &[]).await.unwrap();
        Self { app, clock, cloud }
    }
}
