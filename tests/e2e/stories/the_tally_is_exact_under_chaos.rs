use std::time::Duration;

use load::TalkRehearsal;
use local::LocalOptions;

use crate::world::World;

/// Deliveries doubled, delayed and reordered, a throttled table, `$disconnect`s that never come, cut connections, and in
/// the middle of a vote everyone drops and comes back: what the rehearsal's clients cast is what everyone sees.
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
    assert!(report.comeback.is_some_and(|comeback| comeback.count >= 40), "nobody was dropped:\n{report}");
    let cloud = world.local_cloud();
    for fault in ["queue.duplicate", "queue.delay", "queue.reorder", "table.throttle", "drop_disconnect"] {
        assert!(cloud.fault_count(fault) > 0, "chaos without {fault}:\n{report}");
    }
    world.wait_for_jobs().await;
    // the rehearsal takes its account away in the end: the report's mail may come too late for it, and never twice
    let letters = world.local_cloud().emulator().ses().emails();
    assert!(letters.iter().filter(|mail| mail.subject.contains("report")).count() <= 1, "{letters:?}");
}
