//! The commonest calls, made on the engine itself: a hop to its server would cost a third of the table's throughput.

use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};

/// `None` where the engine's server must answer: for other operations, and for whatever fails, which it words as AWS does.
/// What failed has changed nothing, so that it may be asked again. Transactions are its own altogether: it reads them by
/// other rules than these.
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
    let answer = run(serde_json::from_slice(body).ok()?).ok()?;
    serde_json::to_vec(&answer).ok()
}
