//! Builds the Lambda functions. A function is one Lambda, one binary and one log stream name. It is made from a router, a
//! socket handler, a job table or a clock handler, and runs the same code on AWS and in the local cloud.
//!
//! | module | contents |
//! | --- | --- |
//! | [`function`] | the Lambda function as a value, and the loop of a binary |
//! | [`http`] | HTTP events: paths, CORS, CSRF, idempotency, errors, input ([`http::ValidJson`]), callers ([`http::Caller`]) |
//! | [`socket`] | WebSocket events: connect, messages, answers and errors as posts |
//! | [`worker`] | SQS batches: decode, run, report failed messages |
//! | [`run_once`] | operations that run once, however often their job is delivered |
//! | [`tick_wait`] | jobs that run at the end of a tick |
//! | [`cron`] | the scheduler's event |
//! | [`log_ins`] | ending several log-ins with their sockets |
//! | [`tokens`] | Ed25519 tokens: access, refresh, participant, ticket, JWKS |
//! | [`tickets`] | the right to open one socket |
//! | [`app`], [`aws_connections`] | the clients and settings of every function |
//! | [`environment`] | the variables of a function |
//! | [`clock`] | the injected clock and generator of ids |
//!
//! # Example: an HTTP function
//!
//! ```ignore
//! pub async fn function(environment: Environment) -> Result<LambdaFunction, StartError> {
//!     let app = App::start(&environment, FunctionDependency::REALTIME).await?;
//!     Ok(entry::http::function(&app, router().with_state(app.clone())))
//! }
//! ```
//!
//! # Errors
//!
//! The body of an error is `{"status_code", "code", "message", "detail", "fields"?, "request_id"}`.
//!
//! | status | meaning |
//! | --- | --- |
//! | 400 | the request cannot be parsed |
//! | 401 | no valid credential |
//! | 403 | the caller does not have the permission |
//! | 404 | not found, or the resource of another owner |
//! | 405 | the path does not accept the method |
//! | 409 | the state of the resource does not allow the operation |
//! | 413 | the body is too large |
//! | 415 | the body is not JSON |
//! | 422 | invalid fields |
//! | 429 | too many requests, with `Retry-After` |
//! | 500 | a bug |
//! | 503 | a dependency failed, with `Retry-After` |
//!
//! # Logs
//!
//! Each event has one line of JSON with `duration_ms` and the consumed capacity of the table. An HTTP request adds
//! `method`, `path` and `status`, a socket event `status`, a job `received`. The ids are in its `span`. Logs never contain a body, a token, an address or the text of an e-mail. A failure is logged
//! once, where it is answered. `error!` means that an operator should look at it.

mod allocator;
pub mod app;
pub mod aws_connections;
pub mod clock;
pub mod cron;
pub mod environment;
pub mod function;
pub mod http;
pub mod log_ins;
pub mod run_once;
pub mod socket;
mod telemetry;
pub mod tick_wait;
pub mod tickets;
pub mod tokens;
pub mod worker;

pub use app::{App, AppSettings, FunctionDependency};
pub use aws_connections::AwsConnections;
pub use clock::Clock;
pub use environment::{Environment, StartError};
pub use function::{LambdaFunction, run};
