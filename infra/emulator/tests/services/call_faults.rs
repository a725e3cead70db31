//! The barrier that disturbs a chosen call, as an SDK sees it.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use emulator::call_barrier::{CallFault, CallSide};

use crate::world::EmulatorWorld;

async fn world_with_table() -> (EmulatorWorld, Client) {
    let world = EmulatorWorld::with_queues([]).start().await;
    let client = world.dynamodb();
    (world, client)
}

fn key(number: usize) -> HashMap<String, AttributeValue> {
    [("pk", number.to_string()), ("sk", "#".to_owned())]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .into()
}

/// Puts a thing whose key must be free. Returns the code of an error.
async fn put_new(client: &Client, number: usize) -> Result<(), Option<String>> {
    let put = client.put_item().table_name("things").set_item(Some(key(number)));
    let put = put.condition_expression("attribute_not_exists(pk)").send().await;
    put.map(drop).map_err(|error| error.code().map(str::to_owned))
}

async fn exists(client: &Client, number: usize) -> bool {
    let found = client.get_item().table_name("things").set_key(Some(key(number))).send().await;
    found.unwrap().item.is_some()
}

#[tokio::test]
async fn only_the_chosen_call_is_refused() {
    let (world, client) = world_with_table().await;
    for (number, fault, code) in [
        (1, CallFault::Throttle, "ThrottlingException"),
        (2, CallFault::InternalError, "InternalServerError"),
    ] {
        let planned = world.emulator.call_barrier().fail(number, fault);
        for call in 1..=3 {
            let outcome = put_new(&client, number * 10 + call).await;
            let expected = if call == number { Err(Some(code.to_owned())) } else { Ok(()) };
            assert_eq!(outcome, expected, "{fault:?}, call {call}");
        }
        // eight attempts of one call are one call
        assert_eq!((planned.calls(), planned.is_reached()), (3, true));
        drop(planned);
        assert!(!exists(&client, number * 10 + number).await, "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_response_leaves_its_effect_and_the_sdk_sends_the_call_again() {
    let (world, client) = world_with_table().await;
    let planned = world.emulator.call_barrier().fail(1, CallFault::LoseResponse);
    // the second attempt meets the effect of the first one
    assert_eq!(put_new(&client, 1).await, Err(Some("ConditionalCheckFailedException".to_owned())));
    assert_eq!((planned.calls(), planned.is_reached()), (1, true));
    assert!(exists(&client, 1).await);
}

#[tokio::test]
async fn a_lost_response_is_a_broken_connection() {
    let (world, client) = world_with_table().await;
    let once = aws_sdk_dynamodb::config::retry::RetryConfig::disabled();
    let once = aws_sdk_dynamodb::Config::builder().retry_config(once);
    let _planned = world.emulator.call_barrier().fail(1, CallFault::LoseResponse);
    let put = client.put_item().table_name("things").set_item(Some(key(1))).customize();
    let error = put.config_override(once).send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_) | SdkError::ResponseError(_)), "{error:?}");
    assert!(exists(&client, 1).await);
}

#[tokio::test]
async fn a_delayed_call_has_its_effect() {
    let (world, client) = world_with_table().await;
    let delay = Duration::from_millis(50);
    let _planned = world.emulator.call_barrier().fail(1, CallFault::Delay(delay));
    let started = std::time::Instant::now();
    assert_eq!(put_new(&client, 1).await, Ok(()));
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn a_held_call_is_on_one_side_of_its_effect() {
    let (world, client) = world_with_table().await;
    for (number, side) in [(1, CallSide::Before), (2, CallSide::After)] {
        let held = world.emulator.call_barrier().hold(1, side);
        {
            let put = put_new(&client, number);
            tokio::pin!(put);
            tokio::select! {
                () = held.reached() => {}
                outcome = &mut put => panic!("not held: {outcome:?}"),
            }
        }
        drop(held);
        assert_eq!(exists(&client, number).await, side == CallSide::After, "{side:?}");
    }
}

/// SQS and `@connections` have other formats of errors.
#[tokio::test]
async fn every_service_can_be_disturbed() {
    let world = EmulatorWorld::with_queues([crate::world::standard_queue("jobs")]).start().await;
    let url = world.emulator.sqs().url("jobs");
    let once = || aws_sdk_sqs::config::retry::RetryConfig::disabled();
    let send = || {
        let config = aws_sdk_sqs::Config::builder().retry_config(once());
        world
            .sqs()
            .send_message()
            .queue_url(&url)
            .message_body("x")
            .customize()
            .config_override(config)
            .send()
    };
    let planned = world.emulator.call_barrier().fail(1, CallFault::Throttle);
    assert_eq!(send().await.unwrap_err().code(), Some("ThrottlingException"));
    drop(planned);
    let planned = world.emulator.call_barrier().fail(1, CallFault::LoseResponse);
    assert!(send().await.is_err());
    drop(planned);
    assert_eq!(world.emulator.sqs().peek("jobs").len(), 1, "the lost response had its effect");
    let _planned = world.emulator.call_barrier().fail(1, CallFault::InternalError);
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .retry_config(aws_sdk_apigatewaymanagement::config::retry::RetryConfig::disabled());
    let get = world.management().get_connection().connection_id("none").customize();
    let error = get.config_override(config).send().await.unwrap_err();
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(500));
}
