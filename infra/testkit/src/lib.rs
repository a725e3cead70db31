//! The test kit of the shared crates and the functions. It is a dev-dependency only, so no deployed binary contains it.
//!
//! A world in the `tests/` folder of a crate contains what is special for its product, and takes the rest from here. The stories of
//! `tests/e2e` go through URLs and have worlds of their own; they share [`repository`] and [`shorten`].
//!
//! | what a test needs | module |
//! | --- | --- |
//! | a cloud in memory with the table and queues of `template.yaml`, and the environment of a function | [`TestCloud`] |
//! | the same with an `entry::App`, a clock, jobs that are delivered or read, and open sockets | [`TestApp`] |
//! | HTTP requests to a function | [`FunctionClient`] |
//! | the events of queues | [`sqs_event`](fn@sqs_event), [`fifo_sqs_event`], [`job_body`] |
//! | a crash or a concurrent process at a chosen call | [`TestCloud::run_until_crash`], [`TestCloud::run_interleaved`] |
//! | a fault or a crash at every call in turn | [`sweep_calls`] |
//! | a client that shows who is online | [`PresenceScreen`] |
//! | a fixed time, and ids by number | [`fixed_time`], [`id`] |
//! | valid items of each product area | [`samples`] |
//!
//! A unit test inside `shared/store/src` may use [`TestCloud`] and [`fixed_time`], but nothing that returns a type of `store` or
//! `entry`. Cargo compiles `store` twice there, once with its tests and once as a dependency of this crate, and the types of the
//! two are different. Tests in `tests/` have no such limit.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "only tests use this crate, and they fail by a panic"
)]

mod call_sweep;
mod fixed_values;
mod function_client;
mod interruption;
mod presence_screen;
mod repository;
pub mod samples;
mod sent_frames;
mod sqs_event;
mod test_app;
mod test_cloud;
mod test_template;

pub use emulator::{Chaos, OutboundFrame, SentEmail};

pub use call_sweep::{CallProbe, SweepFault, SweepReport, sweep_calls};
pub use fixed_values::{fixed_time, id};
pub use function_client::{FunctionClient, TestRequest, TestResponse, shorten};
pub use presence_screen::PresenceScreen;
pub use repository::repository;
pub use sent_frames::SentFrames;
pub use sqs_event::{fifo_sqs_event, job_body, sqs_event};
pub use test_app::{TestApp, TestAppOptions};
pub use test_cloud::{TABLE_NAME, TestCloud, function_environment_at};
