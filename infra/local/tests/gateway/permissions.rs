//! The local cloud enforces the permissions of the template.

use std::path::PathBuf;

use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::stack::TestStack;

/// The frame that a client receives from a function that posts to it, with one change of the test's template.
async fn echoed_with_change(name: &str, old: &str, new: &str) -> String {
    let text = include_str!("template.yaml");
    assert!(text.contains(old), "{old}");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("permissions-{name}.yaml"));
    std::fs::write(&file, text.replace(old, new)).unwrap();
    let stack = TestStack::with_options(|options| options.template = Some(file)).await;
    let url = format!("{}/local", stack.local.url().replace("http", "ws"));
    let (mut client, _) = connect_async(url).await.unwrap();
    client.send(Message::text(r#"{"type": "echo", "text": "hello"}"#)).await.unwrap();
    client.next().await.unwrap().unwrap().into_text().unwrap().to_string()
}

#[tokio::test]
async fn a_permitted_function_posts() {
    assert_eq!(echoed_with_change("as-it-is", "POST/@connections/*", "POST/@connections/*").await, "hello");
    assert_eq!(echoed_with_change("wider", "POST/@connections/*", "*").await, "hello");
}

#[tokio::test]
async fn a_function_without_permission_fails_without_details() {
    for (name, old, new) in [
        ("other-method", "POST/@connections", "DELETE/@connections"),
        ("other-stage", "${Stage}/POST", "elsewhere/POST"),
        ("other-action", "execute-api:ManageConnections", "execute-api:Invoke"),
        ("denied", "Effect: Allow", "Effect: Deny"),
    ] {
        let received = echoed_with_change(name, old, new).await;
        assert!(
            received.contains("Internal server error") && !received.contains("secret"),
            "{name}: {received}"
        );
    }
}

#[tokio::test]
async fn an_unknown_policy_element_prevents_the_start() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("permissions-unknown.yaml");
    let text = include_str!("template.yaml").replace("Action: [execute-api", "NotAction: [execute-api");
    std::fs::write(&file, text).unwrap();
    let options = local::LocalOptions { template: Some(file), ..TestStack::options() };
    let error = local::LocalCloud::start(options).await.err().unwrap().to_string();
    assert_eq!(
        error,
        "template: Resources.Socket.Properties.Policies[0]: Statement[0]: NotAction is not known to the local cloud"
    );
}
