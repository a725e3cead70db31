//! The embedded DynamoDB (`dynoxide`), on its own thread.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
};

use anyhow::Context;
use dynoxide::{
    Database, actions::delete_item::DeleteItemRequest, actions::scan::ScanRequest, types::AttributeValue,
};

use crate::{TableSpec, server_thread::ServerThread};

pub(crate) struct DynamoDbEngine {
    address: SocketAddr,
    db: Database,
    tables: Vec<TableSpec>,
    _server: ServerThread,
}

impl DynamoDbEngine {
    pub(crate) fn start(tables: Vec<TableSpec>, dir: Option<&Path>) -> anyhow::Result<Self> {
        let db = match dir {
            Some(dir) => {
                let path = dir.join("dynamodb.sqlite");
                let path = path.to_str().context("the data directory's path is not UTF-8")?;
                let db = Database::new(path).with_context(|| format!("cannot open {path}"))?;
                // Despite its name, this sets `synchronous = NORMAL`. A write is then not flushed to disk, and survives
                // the end of the process all the same.
                db.disable_bulk_loading()?;
                db
            }
            None => Database::memory()?,
        };
        for table in &tables {
            table.create_or_check(&db)?;
        }
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = db.clone();
        let server = ServerThread::start("dynamodb", listener, |listener| async move {
            let never = std::future::pending();
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, shared, never).await {
                tracing::error!(error, "the server of the DynamoDB engine stopped");
            }
        })?;
        Ok(Self { address, db, tables, _server: server })
    }

    pub(crate) fn database(&self) -> Database {
        self.db.clone()
    }

    /// The address of the engine's own server, which checks no permissions.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads all items of all tables as JSON, in an order that depends on the items only.
    pub(crate) async fn all_items(&self) -> anyhow::Result<Vec<serde_json::Value>> {
        let db = self.db.clone();
        let tables = self.tables.clone();
        tokio::task::spawn_blocking(move || {
            let mut items = Vec::new();
            for table in &tables {
                items.extend(items_of_table(&db, table)?);
            }
            items.sort_by_cached_key(ToString::to_string);
            Ok(items)
        })
        .await?
    }

    /// Deletes the items whose TTL has passed. The engine's own sweep was rejected, because it reads the system's
    /// clock.
    pub(crate) async fn delete_expired_items(&self, now_ms: i64) {
        let db = self.db.clone();
        let tables = self.tables.clone();
        let swept = tokio::task::spawn_blocking(move || {
            tables.iter().try_for_each(|table| delete_expired_of_table(&db, table, now_ms / 1000))
        });
        match swept.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), "expired items not deleted"),
            Err(error) => tracing::error!(%error, "expired items not deleted"),
        }
    }
}

fn items_of_table(db: &Database, table: &TableSpec) -> anyhow::Result<Vec<serde_json::Value>> {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let page = db.scan(ScanRequest {
            table_name: table.name.clone(),
            exclusive_start_key: start.take(),
            ..ScanRequest::default()
        })?;
        for item in page.items.unwrap_or_default() {
            items.push(serde_json::to_value(item)?);
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(items);
        }
    }
}

fn delete_expired_of_table(db: &Database, table: &TableSpec, now_s: i64) -> anyhow::Result<()> {
    let Some(attribute) = table.ttl_attribute() else { return Ok(()) };
    // Only a number compares with a number. Items whose attribute is missing or of another type stay, as on AWS.
    let expired = "#ttl < :now".to_owned();
    let names = [("#ttl".to_owned(), attribute.to_owned())];
    let values = [(":now".to_owned(), AttributeValue::N(now_s.to_string()))];
    let keys = table.key_attributes();
    let mut start = None;
    loop {
        let page = db.scan(ScanRequest {
            table_name: table.name.clone(),
            filter_expression: Some(expired.clone()),
            expression_attribute_names: Some(names.clone().into()),
            expression_attribute_values: Some(values.clone().into()),
            exclusive_start_key: start.take(),
            ..ScanRequest::default()
        })?;
        for mut item in page.items.unwrap_or_default() {
            let key = keys.iter().filter_map(|key| item.remove_entry(*key)).collect();
            let deleted = db.delete_item(DeleteItemRequest {
                table_name: table.name.clone(),
                key,
                // the item may have been extended since the scan
                condition_expression: Some(expired.clone()),
                expression_attribute_names: Some(names.clone().into()),
                expression_attribute_values: Some(values.clone().into()),
                ..DeleteItemRequest::default()
            });
            match deleted {
                Ok(_) | Err(dynoxide::DynoxideError::ConditionalCheckFailedException(..)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(());
        }
    }
}
