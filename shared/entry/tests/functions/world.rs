//! The services behind a function.

use emulator::bench::TestCloud;
use entry::{App, Clock, Environment};

pub(crate) struct EntryWorld {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) cloud: TestCloud,
}

impl EntryWorld {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), None).await.unwrap();
        let app =
            App::start(&Environment::new(cloud.function_environment(), clock.clone()), &[]).await.unwrap();
        Self { app, clock, cloud }
    }
}
