//! A local cloud whose functions are the binaries. Each is a process with its own environment and its own role's key.

use load::SmokeTest;
use local::{LocalCloud, LocalOptions};
use serde_json::json;

use crate::{binaries, invoke_api::InvokeApi};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talk_runs_on_the_real_binaries() {
    let lambda = InvokeApi::start().await;
    let options = LocalOptions {
        lambda: Some(lambda.url.clone()),
        template: Some(binaries::workspace().join("template.yaml")),
        ..LocalOptions::default()
    };
    let local = LocalCloud::start(options).await.unwrap();
    lambda.run_functions_of(&local);
    binaries::build_all(&local).await;

    let mut seen = Vec::new();
    let smoke = SmokeTest {
        origin: Some("http://localhost:5173".into()),
        mailbox: Some("ana@example.com".into()),
        ..SmokeTest::for_url(local.url().parse().unwrap())
    };
    let verdict = smoke.run(&mut seen).await;
    assert!(verdict.is_ok(), "{verdict:?}\n{}", String::from_utf8_lossy(&seen));
    local.run_schedules().await;
    local.wait_until_idle().await;
    // no talk in a test is large enough for this worker, so an empty batch must do
    let nothing = json!({ "Records": [] });
    let told = local.runner().invoke("WorkerBroadcast", nothing).await.unwrap();
    assert_eq!(told, json!({ "batchItemFailures": [] }));

    let letters = local.emulator().ses().emails();
    // the proof of the address and the reset of the password
    assert_eq!(letters.len(), 2);
    for letter in letters {
        assert!(letter.links.iter().any(|link| link.starts_with(&local.url())), "{:?}", letter.links);
    }
    for usage in local.runner().usage() {
        assert!(usage.invocations > 0 && usage.errors == 0, "{usage:?}");
    }
    let queues = local.emulator().sqs();
    for name in queues.names().iter().filter(|name| name.contains("DeadLetters")) {
        assert_eq!(queues.depth(name).visible, 0, "dead letters in {name}: {:?}", queues.peek(name).first());
    }
    lambda.stop().await;
}
