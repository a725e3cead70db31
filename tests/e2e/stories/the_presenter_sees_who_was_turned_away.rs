use futures::{StreamExt, stream};
use serde_json::json;

use crate::world::{ClientSocket, World};

/// A free plan has 25 seats. Those who come later are counted, the presenter sees how many they are, and a larger plan ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_presenter_sees_how_many_were_turned_away() {
    let Some((world, root)) = World::with_admin("a full hall", "free").await else { return };
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    let (_, session) = ana.start_session(1).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let join = async |count: usize| {
        let joins: Vec<_> =
            (0..count).map(|_| async { world.anonymous().post(&path, &json!({})).await.status }).collect();
        let statuses: Vec<_> = stream::iter(joins).buffer_unordered(8).collect().await;
        statuses.into_iter().filter(|status| *status == 201).count()
    };
    assert_eq!(join(25).await, 25);
    world.wait_for_jobs().await;
    presenter.receive_until_pong().await;
    assert_eq!(presenter.count("session_full"), 0, "all have a seat");
    let details = format!("/v1/sessions/{}", session.id);
    assert_eq!(ana.client.get(&details).await.ok(200)["turned_away"], 0);

    // seven people, and a person with an account whose socket would join
    assert_eq!(join(7).await, 0);
    let base = world.local_cloud().socket_url();
    let socket = format!("{base}?session_id={}&token={}", session.id, eve.access_token);
    assert_eq!(ClientSocket::try_open(&socket).await.err(), Some(403));
    let full = presenter.wait_for_where("session_full", |event| event["turned_away"] == 8).await;
    assert_eq!((&full["session_id"], &full["capacity"]), (&json!(session.id), &json!(25)));
    world.wait_for_jobs().await;
    assert_eq!(ana.client.get(&details).await.ok(200)["turned_away"], 8);
    let statistics = ana.client.get(&format!("{details}/statistics")).await.ok(200);
    assert_eq!(statistics["turned_away"], 8);
    let admin = root.client.get(&format!("/v1/admin/sessions/{}", session.id)).await.ok(200);
    assert_eq!(admin["turned_away"], 8);
    // the state after a reconnect has the number, for the presenter only
    let mut again = ana.connect_to_session_unread(&session).await;
    assert_eq!(again.wait_for("session_state").await["turned_away"], 8);

    // a larger plan has seats, and no join is refused
    let plan = format!("/v1/admin/users/{}/plan", ana.id);
    root.client.patch(&plan, &json!({ "plan": "pro" })).await.ok(200);
    assert_eq!(join(5).await, 5);
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    world.wait_for_jobs().await;
    again.receive_until_pong().await;
    assert_eq!(again.count("session_full"), 0);
    assert_eq!(ana.client.get(&details).await.ok(200)["turned_away"], 8);
    bo.receive_until_pong().await;
    let state = bo.received.iter().find(|event| event.kind == "session_state").expect("a state");
    assert!(state.payload["turned_away"].is_null(), "{}", state.frame);
}

/// A script that joins again and again leads to a few events and writes, and every join of it is counted in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_of_refused_joins_causes_few_events() {
    let Some((world, _)) = World::with_admin("a script that joins", "free").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let hall = world.anonymous();
    let join = async |count: usize| {
        let joins: Vec<_> = (0..count).map(|_| async { hall.post(&path, &json!({})).await.status }).collect();
        stream::iter(joins).buffer_unordered(8).collect::<Vec<_>>().await
    };
    join(25).await;
    let refused = join(300).await;
    assert!(refused.iter().all(|status| *status == 403), "{refused:?}");
    // the next refusal stores what is missing
    world.local_cloud().clock().advance(std::time::Duration::from_secs(2));
    join(1).await;
    presenter.wait_for_where("session_full", |event| event["turned_away"] == 301).await;
    world.wait_for_jobs().await;
    presenter.receive_until_pong().await;
    let events = presenter.count("session_full");
    assert!((1..=40).contains(&events), "{events} events");
    let rows = world.table_items().await;
    let counted = rows.iter().filter(|item| item["kind"]["S"] == "refused_joins").count();
    assert_eq!(counted, 1, "one instance has one counter");
}
