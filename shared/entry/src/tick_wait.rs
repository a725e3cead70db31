//! Waits for the end of a tick. Jobs that count or publish by tick run once for everything that was stored in it.

use std::time::Duration;

use model::tick::Tick;

use crate::App;

/// The largest difference between the clocks of two instances in a region, in milliseconds. An instance that scheduled a job has
/// stored its change before the tick was over by its own clock.
pub const CLOCK_SKEW_MS: i64 = 20;

/// Waits until all changes of a tick are written.
pub async fn wait_for_tick_end(app: &App, tick: Tick) {
    let left = tick.end_ms() + CLOCK_SKEW_MS - app.clock.millis();
    // a tick far in the future comes from a wrong clock and is not worth the whole timeout of the function
    let left = u64::try_from(left).unwrap_or(0).min(3_000);
    tokio::time::sleep(Duration::from_millis(left)).await;
}
