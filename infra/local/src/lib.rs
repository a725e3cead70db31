//! The local cloud: `template.yaml`, running on one machine.
//!
//! API Gateway (HTTP and WebSocket), Lambda, the event-source mappings of SQS and the scheduler, in front of the emulated
//! services of [`emulator`]. The functions are the ones that deploy, called in this process with the events that AWS
//! sends.
//!
//! | module | stands for |
//! | --- | --- |
//! | `template` | CloudFormation: what there is to run |
//! | `assemble` | nothing of AWS: writes `template.yaml` from `infra/template` |
//! | `doors` | the binaries, by name |
//! | `runner` | Lambda: timeouts, panics, concurrency |
//! | `environment_file` | settings for functions that `cargo lambda watch` runs |
//! | `gateway`, `http`, `sockets` | API Gateway: routes, events, quotas |
//! | `queues` | event-source mappings |
//! | `schedules` | EventBridge Scheduler |
//! | `page` | `/_local`: what happened here, and what it would cost |
//! | `openapi` | the document of all HTTP operations |
//! | `stack` | [`Local`], which starts and stops all of it |
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! let local = local::Local::start(local::LocalOptions::default()).await?;
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
