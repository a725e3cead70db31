use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};
use emulator::{DataLocation, Emulator, EmulatorOptions};

use crate::world::{EmulatorWorld, START_MILLIS, things_table};

fn string_value(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

async fn put(world: &EmulatorWorld, sk: &str, more: &[(&str, AttributeValue)]) {
    let mut put = world
        .dynamodb()
        .put_item()
        .table_name("things")
        .item("pk", string_value("p"))
        .item("sk", string_value(sk));
    for (name, value) in more {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
}

async fn sort_keys(world: &EmulatorWorld) -> Vec<String> {
    let query = world.dynamodb().query().table_name("things").key_condition_expression("pk = :p");
    let found = query.expression_attribute_values(":p", string_value("p")).send().await.unwrap();
    found.items().iter().map(|item| item["sk"].as_s().unwrap().clone()).collect()
}

#[tokio::test]
async fn the_table_matches_its_definition() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let description =
        world.dynamodb().describe_table().table_name("things").send().await.unwrap().table.unwrap();
    assert!(
        description.stream_specification().is_none(),
        "a stream is on: it slows every write and has no reader"
    );
    assert_eq!(
        description.billing_mode_summary().unwrap().billing_mode().unwrap().as_str(),
        "PAY_PER_REQUEST"
    );
    let ttl = world.dynamodb().describe_time_to_live().table_name("things").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description().unwrap().attribute_name(), Some("ttl"));

    put(
        &world,
        "1",
        &[
            ("due_shard", string_value("0")),
            ("due_at", string_value("2026")),
            ("kind", string_value("k")),
            ("body", string_value("long")),
        ],
    )
    .await;
    put(&world, "2", &[]).await;
    let due = world.dynamodb().query().table_name("things").index_name("due");
    let due =
        due.key_condition_expression("due_shard = :s").expression_attribute_values(":s", string_value("0"));
    let found = due.send().await.unwrap();
    let [item] = found.items() else { panic!("the index is sparse: {found:?}") };
    assert_eq!((item.get("kind"), item.get("body")), (Some(&string_value("k")), None));
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let world = EmulatorWorld::with_queues([]).start().await;
    put(&world, "taken", &[]).await;
    let put = |sk: &str| {
        let put =
            Put::builder().table_name("things").item("pk", string_value("p")).item("sk", string_value(sk));
        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let write = || world.dynamodb().transact_write_items();
    let refused = write().transact_items(put("new")).transact_items(put("taken")).send().await;
    let error = refused.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}")
    };
    let codes: Vec<_> =
        cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(sort_keys(&world).await, ["taken"]);

    let check = ConditionCheck::builder()
        .table_name("things")
        .key("pk", string_value("p"))
        .key("sk", string_value("taken"));
    let check = check.condition_expression("attribute_exists(pk)").build().unwrap();
    let count =
        Update::builder().table_name("things").key("pk", string_value("p")).key("sk", string_value("count"));
    let count = count
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", AttributeValue::N("1".into()));
    let write = write().transact_items(put("new"));
    let write = write.transact_items(TransactWriteItem::builder().condition_check(check).build());
    write
        .transact_items(TransactWriteItem::builder().update(count.build().unwrap()).build())
        .send()
        .await
        .unwrap();
    assert_eq!(sort_keys(&world).await, ["count", "new", "taken"]);
}

#[tokio::test]
async fn expired_items_are_deleted_by_the_injected_clock() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let expires = |s: i64| [("ttl", AttributeValue::N((START_MILLIS / 1000 + s).to_string()))];
    put(&world, "soon", &expires(60)).await;
    put(&world, "later", &expires(600)).await;
    put(&world, "never", &[]).await;
    put(&world, "text", &[("ttl", string_value("1"))]).await;
    world.emulator.delete_expired_items().await;
    assert_eq!(sort_keys(&world).await, ["later", "never", "soon", "text"]);
    world.advance(Duration::from_secs(61));
    world.emulator.delete_expired_items().await;
    assert_eq!(sort_keys(&world).await, ["later", "never", "text"]);
    world.advance(Duration::from_hours(24));
    world.emulator.delete_expired_items().await;
    assert_eq!(sort_keys(&world).await, ["never", "text"]);
}

#[tokio::test]
async fn expired_items_are_deleted_on_every_page() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let expired = [("ttl", AttributeValue::N("1".to_owned())), ("body", string_value(&"x".repeat(300_000)))];
    // a page of a scan is 1 MB
    for n in 0..8 {
        put(&world, &n.to_string(), &expired).await;
    }
    world.emulator.delete_expired_items().await;
    assert!(sort_keys(&world).await.is_empty());
}

#[tokio::test]
async fn two_emulators_share_nothing() {
    let (one, other) =
        tokio::join!(EmulatorWorld::with_queues([]).start(), EmulatorWorld::with_queues([]).start());
    put(&one, "1", &[]).await;
    assert!(sort_keys(&other).await.is_empty());
}

#[tokio::test]
async fn a_changed_table_schema_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(EmulatorWorld::with_queues([]).data_in(dir.path()).start().await);
    let mut table = things_table();
    table.definition["GlobalSecondaryIndexes"][0]["Projection"] =
        serde_json::json!({ "ProjectionType": "ALL" });
    let options = EmulatorOptions {
        now: std::sync::Arc::new(|| START_MILLIS),
        data: DataLocation::Dir(dir.path().to_owned()),
        port: 0,
        tables: vec![table],
        queues: Vec::new(),
        chaos: None,
        iam: emulator::IamConfig::default(),
    };
    let error = Emulator::start(options).await.err().unwrap().to_string();
    assert!(error.starts_with("table things: GlobalSecondaryIndexes in the data directory"), "{error}");
}
