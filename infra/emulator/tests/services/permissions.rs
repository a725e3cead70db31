//! The permissions of a role, and the error of each service if a permission is missing.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Get, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem,
    Update, builders::TransactWriteItemBuilder,
};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use aws_sdk_sqs::{
    error::{ProvideErrorMetadata, SdkError},
    types::SendMessageBatchRequestEntry,
};
use emulator::{ConnectionInfo, IamConfig, IamPolicy};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::world::{EmulatorWorld, standard_queue};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/things";

/// A world with the role `Function`, which has these statements.
async fn world_with_policy(statements: Value) -> EmulatorWorld {
    let policy = IamPolicy::parse(&json!({ "Version": "2012-10-17", "Statement": statements })).unwrap();
    let access = IamConfig {
        roles: BTreeMap::from([("Function".to_owned(), vec![policy])]),
        socket_api: "api/live".to_owned(),
    };
    EmulatorWorld::with_queues([standard_queue("jobs"), standard_queue("others")])
        .with_iam(access)
        .start()
        .await
}

/// The code and message of a refused request.
fn refusal<T: Debug, E, R>(answer: Result<T, SdkError<E, R>>) -> (String, String)
where
    E: ProvideErrorMetadata,
{
    let error = answer.map(|answer| format!("{answer:?}")).unwrap_err();
    let error = error.as_service_error().unwrap();
    (error.code().unwrap().to_owned(), error.message().unwrap_or_default().to_owned())
}

fn denied(action: &str, resource: &str) -> (String, String) {
    let message = format!(
        "User: arn:aws:sts::000000000000:assumed-role/Function is not authorized to perform: {action} on resource: \
         {resource} because no identity-based policy allows the {action} action"
    );
    ("AccessDeniedException".to_owned(), message)
}

fn string_value(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn statement_on_users(action: &Value) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": TABLE,
            "Condition": { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["USER#*", "EMAIL#*"] } } })
}

#[tokio::test]
async fn table_access_is_limited_by_action_and_leading_key() {
    let world =
        world_with_policy(json!([statement_on_users(&json!(["dynamodb:GetItem", "dynamodb:PutItem"]))]))
            .await;
    let table = world.dynamodb_as("Function");
    let put = |pk: &str| {
        table
            .put_item()
            .table_name("things")
            .item("pk", string_value(pk))
            .item("sk", string_value("#"))
            .send()
    };
    put("USER#1").await.unwrap();
    assert_eq!(refusal(put("SESSION#1").await), denied("dynamodb:PutItem", TABLE));
    let get = |pk: &str| {
        table.get_item().table_name("things").key("pk", string_value(pk)).key("sk", string_value("#")).send()
    };
    assert!(get("USER#1").await.unwrap().item.is_some());
    assert_eq!(refusal(get("SESSION#1").await), denied("dynamodb:GetItem", TABLE));
    let delete = table
        .delete_item()
        .table_name("things")
        .key("pk", string_value("USER#1"))
        .key("sk", string_value("#"));
    assert_eq!(refusal(delete.send().await), denied("dynamodb:DeleteItem", TABLE));
    let update = table
        .update_item()
        .table_name("things")
        .key("pk", string_value("USER#1"))
        .key("sk", string_value("#"));
    assert_eq!(
        refusal(update.update_expression("REMOVE a").send().await),
        denied("dynamodb:UpdateItem", TABLE)
    );
    assert_eq!(refusal(table.scan().table_name("things").send().await), denied("dynamodb:Scan", TABLE));
    let elsewhere = table.put_item().table_name("other").item("pk", string_value("USER#1")).send().await;
    assert_eq!(
        refusal(elsewhere),
        denied("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/other")
    );
    assert_eq!(refusal(table.list_tables().send().await), denied("dynamodb:ListTables", "*"));
}

#[tokio::test]
async fn query_access_is_limited_by_partition() {
    let index = format!("{TABLE}/index/due");
    let world = world_with_policy(json!([
        statement_on_users(&json!("dynamodb:Query")),
        { "Effect": "Allow", "Action": "dynamodb:Query", "Resource": index,
          "Condition": { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["0"] } } },
    ]))
    .await;
    let table = world.dynamodb_as("Function");
    let query = |pk: &str| {
        let query = table.query().table_name("things").key_condition_expression("#p = :v AND sk > :s");
        let query =
            query.expression_attribute_names("#p", "pk").expression_attribute_values(":v", string_value(pk));
        query.expression_attribute_values(":s", string_value("USER#")).send()
    };
    query("EMAIL#a").await.unwrap();
    assert_eq!(refusal(query("SESSION#1").await), denied("dynamodb:Query", TABLE));
    let due = |shard: &str| {
        let query = table.query().table_name("things").index_name("due");
        let query = query.key_condition_expression("due_at <= :now AND :s = due_shard");
        query
            .expression_attribute_values(":s", string_value(shard))
            .expression_attribute_values(":now", string_value("2026"))
            .send()
    };
    due("0").await.unwrap();
    assert_eq!(refusal(due("1").await), denied("dynamodb:Query", &index));
    // an unreadable key does not pass as an absent key
    let unbound = table.query().table_name("things").key_condition_expression("pk = :p").send().await;
    assert_eq!(refusal(unbound), denied("dynamodb:Query", TABLE));
}

#[tokio::test]
async fn every_key_of_a_batch_needs_permission() {
    let world = world_with_policy(json!([statement_on_users(&json!("dynamodb:BatchGetItem"))])).await;
    let table = world.dynamodb_as("Function");
    let get = |keys: &[&str]| {
        let key =
            |pk: &&str| [("pk".to_owned(), string_value(pk)), ("sk".to_owned(), string_value("#"))].into();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.iter().map(key).collect()));
        table.batch_get_item().request_items("things", keys.build().unwrap()).send()
    };
    get(&["USER#1", "EMAIL#1"]).await.unwrap();
    assert_eq!(refusal(get(&["USER#1", "SESSION#1"]).await), denied("dynamodb:BatchGetItem", TABLE));
    // a batch without a key is refused too
    let empty = table.batch_get_item().set_request_items(Some(HashMap::new())).send().await;
    assert_eq!(refusal(empty), denied("dynamodb:BatchGetItem", "*"));
}

#[tokio::test]
async fn every_action_of_a_transaction_needs_permission() {
    let actions = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "GetItem"];
    for missing in actions {
        let granted: Vec<_> = actions.iter().filter(|action| **action != missing).collect();
        let granted: Vec<_> = granted.iter().map(|action| format!("dynamodb:{action}")).collect();
        let world = world_with_policy(json!([statement_on_users(&json!(granted))])).await;
        let table = world.dynamodb_as("Function");
        let write = TransactWriteItem::builder;
        let elements = [
            write().put(
                Put::builder()
                    .table_name("things")
                    .item("pk", string_value("USER#1"))
                    .item("sk", string_value("p"))
                    .build()
                    .unwrap(),
            ),
            write().update(
                Update::builder()
                    .table_name("things")
                    .key("pk", string_value("USER#1"))
                    .key("sk", string_value("u"))
                    .update_expression("REMOVE a")
                    .build()
                    .unwrap(),
            ),
            write().delete(
                Delete::builder()
                    .table_name("things")
                    .key("pk", string_value("USER#1"))
                    .key("sk", string_value("d"))
                    .build()
                    .unwrap(),
            ),
            write().condition_check(
                ConditionCheck::builder()
                    .table_name("things")
                    .key("pk", string_value("USER#1"))
                    .key("sk", string_value("c"))
                    .condition_expression("attribute_not_exists(pk)")
                    .build()
                    .unwrap(),
            ),
        ];
        let writes = elements.map(TransactWriteItemBuilder::build).to_vec();
        let written = table.transact_write_items().set_transact_items(Some(writes)).send().await;
        let get = Get::builder()
            .table_name("things")
            .key("pk", string_value("USER#1"))
            .key("sk", string_value("p"));
        let get = TransactGetItem::builder().get(get.build().unwrap()).build();
        let read = table.transact_get_items().transact_items(get).send().await;
        let expected = denied(&format!("dynamodb:{missing}"), TABLE);
        if missing == "GetItem" {
            written.unwrap();
            assert_eq!(refusal(read), expected);
        } else {
            assert_eq!(refusal(written), expected);
            read.unwrap();
        }
    }
}

#[tokio::test]
async fn queue_access_is_limited_by_action() {
    let jobs = "arn:aws:sqs:us-east-1:000000000000:jobs";
    let world =
        world_with_policy(json!([{ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": jobs }]))
            .await;
    let sqs = world.sqs_as("Function");
    let queues = world.emulator.sqs();
    let send = |queue: &str| sqs.send_message().queue_url(queues.url(queue)).message_body("b").send();
    send("jobs").await.unwrap();
    let refused = |action: &str, resource: &str| ("AccessDenied".to_owned(), denied(action, resource).1);
    let others = "arn:aws:sqs:us-east-1:000000000000:others";
    assert_eq!(refusal(send("others").await), refused("sqs:SendMessage", others));
    let batch = |queue: &str| {
        let entry = SendMessageBatchRequestEntry::builder().id("1").message_body("b").build().unwrap();
        sqs.send_message_batch().queue_url(queues.url(queue)).entries(entry).send()
    };
    batch("jobs").await.unwrap();
    assert_eq!(refusal(batch("others").await), refused("sqs:SendMessage", others));
    let receive = sqs.receive_message().queue_url(queues.url("jobs")).send().await;
    assert_eq!(refusal(receive), refused("sqs:ReceiveMessage", jobs));
    assert_eq!((queues.depth("jobs").visible, queues.depth("others").visible), (2, 0));
}

#[tokio::test]
async fn emails_need_a_permitted_sender() {
    let world = world_with_policy(json!([{ "Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*",
        "Condition": { "StringEquals": { "ses:FromAddress": "no-reply@example.com" } } }]))
    .await;
    let ses = world.ses_as("Function");
    let text = |data: &str| Content::builder().data(data).build().unwrap();
    let send = |from: &str| {
        let body = Body::builder().text(text("t")).build();
        let message = Message::builder().subject(text("s")).body(body).build();
        let mail = ses.send_email().from_email_address(from);
        let mail = mail.destination(Destination::builder().to_addresses("ana@example.com").build());
        mail.content(EmailContent::builder().simple(message).build()).send()
    };
    send("Colloquy <no-reply@example.com>").await.unwrap();
    assert_eq!(
        refusal(send("Colloquy <boss@example.com>").await),
        denied("ses:SendEmail", "arn:aws:ses:us-east-1:000000000000:identity/boss@example.com")
    );
    assert_eq!(world.emulator.ses().emails().len(), 1);
}

#[tokio::test]
async fn socket_access_is_limited_by_method() {
    let of =
        |method: &str| format!("arn:aws:execute-api:us-east-1:000000000000:api/live/{method}/@connections/");
    let world = world_with_policy(json!([{ "Effect": "Allow", "Action": "execute-api:ManageConnections",
        "Resource": format!("{}*", of("POST")) }]))
    .await;
    let (tx, mut rx) = mpsc::unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: 0,
        last_active_ms: 0,
        source_ip: "127.0.0.1".to_owned(),
        user_agent: String::new(),
    };
    world.emulator.connections().register("abc=", info, tx);
    world.emulator.connections().open("abc=");
    let management = world.management_as("Function");
    management.post_to_connection().connection_id("abc=").data(Blob::new("hi")).send().await.unwrap();
    assert!(rx.try_recv().is_ok());
    let action = "execute-api:ManageConnections";
    assert_eq!(
        refusal(management.delete_connection().connection_id("abc=").send().await),
        denied(action, &format!("{}abc=", of("DELETE")))
    );
    assert_eq!(
        refusal(management.get_connection().connection_id("abc=").send().await),
        denied(action, &format!("{}abc=", of("GET")))
    );
    assert!(rx.try_recv().is_err());
}

#[tokio::test]
async fn an_unknown_access_key_is_refused() {
    let world = world_with_policy(json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])).await;
    let unknown =
        |code: &str| (code.to_owned(), "The security token included in the request is invalid.".to_owned());
    let get = |key: &str| {
        let get = world.dynamodb_as(key).get_item().table_name("things");
        get.key("pk", string_value("p")).key("sk", string_value("#")).send()
    };
    get("Function").await.unwrap();
    assert_eq!(refusal(get("Unknown").await), unknown("UnrecognizedClientException"));
    let send = world.sqs_as("Other").send_message().queue_url(world.emulator.sqs().url("jobs"));
    assert_eq!(refusal(send.message_body("b").send().await), unknown("InvalidClientTokenId"));
    let mail = world.ses_as("Other").send_email().content(EmailContent::builder().build());
    assert_eq!(refusal(mail.send().await), unknown("UnrecognizedClientException"));
    let post = world.management_as("Other").post_to_connection().connection_id("a").data(Blob::new("b"));
    assert_eq!(refusal(post.send().await), unknown("UnrecognizedClientException"));
}

#[tokio::test]
async fn used_permissions_are_recorded_without_whole_keys() {
    let world = world_with_policy(json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])).await;
    let table = world.dynamodb_as("Function");
    for pk in ["EMAIL#ana@example.com", "EMAIL#ben@example.com", "READY"] {
        table
            .get_item()
            .table_name("things")
            .key("pk", string_value(pk))
            .key("sk", string_value("#"))
            .send()
            .await
            .unwrap();
    }
    let sqs = world.sqs_as("Function").send_message().queue_url(world.emulator.sqs().url("jobs"));
    sqs.message_body("b").send().await.unwrap();
    world.dynamodb().list_tables().send().await.unwrap();
    let uses = world.emulator.used_permissions();
    assert_eq!(uses.keys().collect::<Vec<_>>(), ["Function"]);
    let describe = |used: &emulator::iam::UsedPermission| {
        format!("{} {} {}", used.action, used.resource, used.leading_key.as_deref().unwrap_or("-"))
    };
    assert_eq!(
        uses["Function"].iter().map(describe).collect::<Vec<_>>(),
        [
            "dynamodb:GetItem table/things EMAIL#",
            "dynamodb:GetItem table/things READY",
            "sqs:SendMessage jobs -"
        ]
    );
}
