//! The commonest calls, made on the engine itself: a hop to its server would cost a third of the table's throughput.

use dynoxide::Database;
use serde::{Serialize, de::DeserializeOwned};

/// `None` where the engine's server must answer: for other operations, and for whatever fails, which it words as AWS does.
/// What failed has changed nothing, so that it may be asked again. Transactions are its own altogether: it reads them by
/// other rules than these.
pub(super) fn answer(engine: &Database, operation: &str, body: &[u8]) -> Option<Vec<u8>> {
    match operation {
        "GetItem" => call(body, |request| engine.get_item(request)),
        "PutItem" => call(body, |request| engine.put_item(request)),
        "UpdateItem" => call(body, |request| engine.update_item(request)),
        "DeleteItem" => call(body, |request| engine.delete_item(request)),
        "Query" => call(body, |request| engine.query(request)),
        "BatchGetItem" => call(body, |request| engine.batch_get_item(request)),
        _ => None,
    }
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Option<Vec<u8>> {
    let answer = run(serde_json::from_slice(body).ok()?).ok()?;
    serde_json::to_vec(&answer).ok()
}
