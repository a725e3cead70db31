use std::time::Duration;

use futures::future::join_all;
use local::LocalOptions;
use serde_json::{Value, json};

use crate::world::{ApiClient, ApiResponse, ClientSocket, User, World};

/// Returns how many requests were accepted. All others were refused by this limit.
fn accepted_count(answers: &[ApiResponse], limit: &str) -> usize {
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in refused {
        let error = answer.refused(403, "SUBSCRIPTION_LIMIT_EXCEEDED");
        assert!(error["message"].as_str().unwrap().starts_with(limit), "{error}");
    }
    done.len()
}

async fn create_sessions(ana: &User, presentation: &str, at_once: usize) -> Vec<ApiResponse> {
    let body = json!({ "presentation_id": presentation });
    join_all((0..at_once).map(|_| ana.client.post("/v1/sessions", &body))).await
}

async fn join_concurrently(world: &World, code: &str, at_once: usize) -> Vec<ApiResponse> {
    let path = format!("/v1/sessions/code/{code}/join");
    join_all((0..at_once).map(|_| async { world.anonymous().post(&path, &json!({})).await })).await
}

async fn usage(ana: &User, category: &str) -> (Value, Value) {
    let usage = ana.client.get("/v1/speakers/me/usage").await.ok(200);
    assert_eq!(usage, ana.client.get("/v1/users/me/usage").await.ok(200));
    let category = &usage["categories"][category];
    (category["used"].clone(), category["limit"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_free_plan_has_five_sessions_a_month() {
    let Some((world, root)) = World::with_admin("sessions a month", "free").await else { return };
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    assert_eq!(accepted_count(&create_sessions(&ana, &presentation.id, 12).await, "sessions_per_month"), 5);
    assert_eq!(usage(&ana, "sessions_per_month").await, (json!(5), json!(5)));
    let mine = ana.client.get("/v1/sessions?limit=100").await.ok(200);
    assert_eq!(mine["items"].as_array().map(Vec::len), Some(5), "refused requests created no session");

    // a new plan applies at once, and the usage is kept
    let path = format!("/v1/admin/speakers/{}/plan", ana.id);
    root.client.patch(&path, &json!({ "plan_id": "pro" })).await.ok(200);
    assert_eq!(accepted_count(&create_sessions(&ana, &presentation.id, 2).await, "sessions_per_month"), 2);
    assert_eq!(usage(&ana, "sessions_per_month").await, (json!(7), json!(50)));
    root.client.patch(&path, &json!({ "plan_id": "free" })).await.ok(200);
    assert_eq!(
        accepted_count(
            &create_sessions(&ana, &presentation.id, 2).await,
            "sessions_per_month: 7 are used, the plan allows 5"
        ),
        0
    );

    // the next month starts with zero usage
    world.local_cloud().clock().advance(Duration::from_hours(31 * 24));
    let ana = ana.log_in(&world).await;
    assert_eq!(usage(&ana, "sessions_per_month").await, (json!(0), json!(5)));
    assert_eq!(accepted_count(&create_sessions(&ana, &presentation.id, 1).await, "sessions_per_month"), 1);
    let usage = ana.client.get("/v1/users/me/usage").await.ok(200);
    let history = usage["history"].as_array().unwrap();
    let sessions: Vec<&Value> = history.iter().map(|month| &month["sessions"]).collect();
    assert_eq!(sessions, [1, 7], "{usage}");
}

/// Retries while a dependency fails, as clients do.
async fn post_until_available(client: &ApiClient, path: &str, body: &Value) -> ApiResponse {
    loop {
        let answer = client.post(path, body).await;
        if answer.status != 503 {
            return answer;
        }
    }
}

/// Writes are refused and transactions conflict, and the counter still equals the number of sessions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plan_limits_hold_under_chaos() {
    let parameters = [("DefaultPlan".to_owned(), "free".to_owned())].into();
    let options = LocalOptions { chaos: Some(20_261_121), parameters, ..LocalOptions::default() };
    let Some(world) = World::local_only_with("limits under chaos", options).await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let body = json!({ "presentation_id": presentation.id });
    // the rate of chaos is too low for six conflicts in a row, after which a function gives up
    world.wait_for_jobs().await;
    world.local_cloud().emulator().conflict_next_transactions(6);
    ana.client.post("/v1/sessions", &body).await.refused(503, "SERVICE_UNAVAILABLE");
    let made = join_all((0..8).map(|_| post_until_available(&ana.client, "/v1/sessions", &body))).await;
    assert_eq!(accepted_count(&made, "sessions_per_month"), 4, "one session existed before");
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let joined = join_all(
        (0..40).map(|_| async { post_until_available(&world.anonymous(), &path, &json!({})).await }),
    )
    .await;
    assert_eq!(accepted_count(&joined, "this session is full"), 25);
    let people = ana.client.get(&format!("/v1/sessions/{}/participants?limit=100", session.id)).await.ok(200);
    assert_eq!(people["items"].as_array().map(Vec::len), Some(25));
    assert!(world.local_cloud().fault_count("table.throttle") > 0, "no request to the table was throttled");
    assert!(world.local_cloud().fault_count("table.conflict") > 0, "no transaction conflicted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_free_plan_has_twenty_five_participants() {
    let Some((world, root)) = World::with_admin("seats", "free").await else { return };
    let (ana, bo, eve) = (world.user("ana").await, world.user("bo").await, world.user("eve").await);
    let (presentation, session) = ana.start_session(1).await;

    // a person with an account counts once, regardless of how often they join
    for _ in 0..3 {
        session.join_from(bo.client.clone(), Some("Bo")).await;
    }
    let guest = session.join(&world, Some("Cy")).await;
    assert_eq!(
        accepted_count(&join_concurrently(&world, &session.code, 40).await, "this session is full"),
        23
    );
    assert_eq!(usage(&ana, "participants_per_session").await, (json!(25), json!(25)));

    // the session is full for new participants, by the socket too, and open for all others
    let by_socket = |user: &User| {
        let base = world.local_cloud().socket_url();
        ClientSocket::try_open(&format!("{base}?session_id={}&token={}", session.id, user.access_token))
    };
    assert_eq!(by_socket(&eve).await.err(), Some(403));
    assert!(by_socket(&bo).await.is_ok());
    assert!(by_socket(&ana).await.is_ok());
    assert_eq!(guest.rejoin().await.id, guest.id);
    session.join_from(bo.client.clone(), None).await;

    // a larger plan gives the session more seats at once, by the socket too
    let path = format!("/v1/admin/users/{}/plan", ana.id);
    root.client.patch(&path, &json!({ "plan": "pro" })).await.ok(200);
    assert!(by_socket(&eve).await.is_ok());
    for seats in [40, 34] {
        assert_eq!(
            accepted_count(&join_concurrently(&world, &session.code, 40).await, "this session is full"),
            seats
        );
    }
    root.client.patch(&path, &json!({ "plan": "enterprise" })).await.ok(200);
    assert_eq!(
        accepted_count(&join_concurrently(&world, &session.code, 30).await, "this session is full"),
        30
    );
    // a smaller plan takes no seat from the people who are there
    root.client.patch(&path, &json!({ "plan": "free" })).await.ok(200);
    assert_eq!(guest.rejoin().await.id, guest.id);
    assert_eq!(accepted_count(&join_concurrently(&world, &session.code, 3).await, "this session is full"), 0);
    root.client.patch(&path, &json!({ "plan": "enterprise" })).await.ok(200);
    let next = ana.create_session(&presentation).await;
    assert_eq!(accepted_count(&join_concurrently(&world, &next.code, 40).await, "this session is full"), 40);
}

/// A whole room joins from one address concurrently.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_participant_frees_one_seat() {
    let Some((world, _)) = World::with_admin("one address", "free").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let path = format!("/v1/sessions/code/{}/join", session.code);
    let hall = world.anonymous().at_address("192.0.2.7");
    let joined = join_all((0..30).map(|_| async { hall.post(&path, &json!({})).await })).await;
    let done: Vec<_> = joined.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(done.len(), 25);

    // one seat is free again
    let first = done[0].body()["participant_id"].as_str().unwrap().to_owned();
    let removal = format!("/v1/sessions/{}/participants/{first}", session.id);
    for _ in 0..2 {
        ana.client.delete(&removal).await.ok(204);
    }
    assert_eq!(accepted_count(&join_concurrently(&world, &session.code, 3).await, "this session is full"), 1);
}
