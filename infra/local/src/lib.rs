//! The local cloud: `template.yaml`, running on one machine.
//!
//! It consists of API Gateway (HTTP and WebSocket), Lambda, the event-source mappings of SQS and the scheduler, in
//! front of the emulated services of [`emulator`]. The functions are those that are deployed. They run in this process
//! and receive the events that AWS sends.
//!
//! | module | emulates |
//! | --- | --- |
//! | `template` | CloudFormation: reads the resources that run |
//! | `assemble` | nothing; writes `template.yaml` from `infra/template` |
//! | `functions` | the deployed binaries, by name |
//! | `runner` | Lambda: timeouts, panics, concurrency |
//! | `environment_file` | nothing; writes settings for functions that `cargo lambda watch` runs |
//! | `gateway`, `http`, `sockets` | API Gateway: routes, events, quotas |
//! | `event_source` | event-source mappings |
//! | `schedules` | EventBridge Scheduler |
//! | `page` | nothing; `/_local` shows the traffic and its estimated cost |
//! | `openapi` | nothing; assembles the document of all HTTP operations |
//! | `local_cloud` | nothing; [`LocalCloud`] starts and stops all of it |
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let local = local::LocalCloud::start(local::LocalOptions::default()).await?;
//! println!("{}", local.url());
//! local.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod assemble;
mod data_lock;
mod environment_file;
mod event_source;
pub mod functions;
mod gateway;
mod http;
mod ids;
mod local_cloud;
pub mod open_files;
pub mod openapi;
mod options;
mod page;
pub mod runner;
mod schedules;
mod sockets;
pub mod template;
pub mod traffic_record;

pub use emulator::DataLocation;
pub use local_cloud::LocalCloud;
pub use options::LocalOptions;
