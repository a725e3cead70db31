//! The id of the request that the current task works for. Jobs carry it, so that one query of the logs follows a request
//! through all functions.

use std::future::Future;

tokio::task_local! {
    static REQUEST_ID: Option<String>;
}

/// Runs a future as work of a request. Jobs that it sends carry the id. Spawned tasks do not.
pub async fn with_request_id<F: Future>(id: Option<String>, future: F) -> F::Output {
    REQUEST_ID.scope(id, future).await
}

/// The request that the current task works for.
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok().flatten()
}
