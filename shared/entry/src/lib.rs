//! How a Lambda event becomes a call of ours. Every door — a Lambda, a binary, a log group — is built here from a
//! router, a socket handler or a job handler, and is the same function whether the Runtime API calls it or the local
//! cloud does.
//!
//! | module | what |
//! | --- | --- |
//! | [`http`] | API Gateway HTTP events: prefixes, CORS, CSRF, idempotency, errors, input ([`http::Valid`]), who calls ([`http::Caller`]) |
//! | [`socket`] | WebSocket events: connect, messages, replies and errors as posts |
//! | [`worker`] | SQS batches: decode, run, report only what failed |
//! | [`once`] | a deed that is done once, however often its job is delivered |
//! | [`cron`] | the scheduler's event |
//! | [`tokens`] | Ed25519 tokens: access, refresh, participant, ticket; JWKS |
//! | [`tickets`] | the right to open one socket |
//! | [`app`] | what every door stands on, and its settings |
//! | [`environment`] | settings as they come in, and the clock |
//!
//! # Conventions
//!
//! **Errors**: `{"status_code", "code", "message", "detail", "fields"?, "request_id"}`. 400 unreadable, 401 no
//! credential, 403 known but may not, 404 no such thing *or none of yours*, 409 not in this state, 413 too large, 415
//! not JSON, 422 fields, 429 with `Retry-After`, 503 with `Retry-After` when a dependency fails, 500 a bug of ours.
//!
//! **Logs**: one line per event, JSON, with `request_id`, `user`, `route`, `status`, `duration_ms` and what the table
//! cost. Never a body, a token, an address or mail text. A failure is logged once, where it is answered; `error!` means
//! that someone should look.

pub mod app;
pub mod clock;
pub mod cron;
pub mod environment;
pub mod function;
pub mod http;
pub mod run_once;
pub mod socket;
mod telemetry;
pub mod tickets;
pub mod tokens;
pub mod worker;

pub use app::{App, AppSettings, FunctionDependency};
pub use clock::Clock;
pub use environment::{Environment, StartError};
pub use function::{LambdaFunction, run};
