//! The services behind a door.

use cloud::bench::Bench;
use entry::{App, Clock, Environment};

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) bench: Bench,
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let bench = Bench::start(move || time.millis(), None).await.unwrap();
        let app = App::start(&Environment::of(bench.variables(), clock.clone()), &[]).await.unwrap();
        Self { app, clock, bench }
    }
}
