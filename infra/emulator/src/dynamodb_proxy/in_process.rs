//! The most frequent operations, called in the engine directly. A hop to the engine's server would cost a third of the
//! table's throughput.

use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};

/// Runs an operation in the engine. Returns `None` for other operations and for failed ones, and the engine's server
/// then answers, because it words errors as AWS does. A failed call has changed nothing and can be repeated.
/// Transactions are left to the server, which parses them by other rules.
pub(super) fn run_in_process(engine: &Database, operation: &str, body: &[u8]) -> Option<Vec<u8>> {
    match operation {
        "GetItem" => run_operation(body, |request| engine.get_item(request)),
        "PutItem" => run_operation(body, |request| engine.put_item(request)),
        "UpdateItem" => run_operation(body, |request| engine.update_item(request)),
        "DeleteItem" => run_operation(body, |request| engine.delete_item(request)),
        "Query" => run_operation(body, |request| engine.query(request)),
        "BatchGetItem" => run_operation(body, |request| engine.batch_get_item(request)),
        _ => None,
    }
}

fn run_operation<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Option<Vec<u8>> {
    let output = run(serde_json::from_slice(body).ok()?).ok()?;
    serde_json::to_vec(&output).ok()
}
