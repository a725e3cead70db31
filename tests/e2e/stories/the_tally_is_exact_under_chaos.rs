use std::time::Duration;

use load::TalkRehearsal;
use local::LocalOptions;

use crate::world::World;

/// Deliveries are doubled, delayed and reordered, the table is throttled, `$disconnect`s are lost, and connections are
/// cut. In the middle of a vote all clients drop and reconnect. All clients still see exactly the votes that the
/// rehearsal cast.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tally_is_exact_under_chaos() {
    let Some(world) =
        World::local_only_with("chaos", LocalOptions { chaos: Some(20_261_121), ..LocalOptions::default() })
            .await
    else {
        return;
    };
    let talk = TalkRehearsal {
        url: world.url().to_owned(),
        audience: 40,
        questions: 3,
        ramp: Duration::from_millis(500),
        vote_within: Duration::from_secs(1),
        storm: true,
        admin_token: None,
        json: true,
    };
    let report = talk.run().await.expect("the talk is played to its end");
    report.verdict().unwrap_or_else(|wrong| panic!("{wrong}\n{report}"));
    assert_eq!(report.votes_cast, 120, "{report}");
    assert!(
        report.comeback.is_some_and(|comeback| comeback.count >= 40),
        "at least 40 clients must reconnect:\n{report}"
    );
    let cloud = world.local_cloud();
    for fault in ["queue.duplicate", "queue.delay", "queue.reorder", "table.throttle", "drop_disconnect"] {
        assert!(cloud.fault_count(fault) > 0, "chaos without {fault}:\n{report}");
    }
    world.wait_for_jobs().await;
    // The rehearsal deletes its account at the end. The mail of the report may be too late for it, and is never sent
    // twice.
    let letters = world.local_cloud().emulator().ses().emails();
    assert!(letters.iter().filter(|mail| mail.subject.contains("report")).count() <= 1, "{letters:?}");
}
