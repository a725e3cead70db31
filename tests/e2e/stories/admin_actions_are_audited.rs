use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ClientSocket, User, World};

async fn audited_actions(admin: &User, query: &str) -> Vec<String> {
    let page = admin.client.get(&format!("/v1/admin/actions?limit=100{query}")).await.ok(200);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn admin_actions_are_audited() {
    let Some((world, root)) = World::with_admin("the log of admins", "free").await else { return };
    let new = json!({
        "email": "Bo@Example.com", "name": "Bo", "password": "a heron over grey water", "is_admin": true,
    });
    let bo = root.client.post("/v1/admin/speakers", &new).await.ok(201);
    assert_eq!(
        (&bo["email"], &bo["role"], &bo["plan"]),
        (&json!("bo@example.com"), &json!("admin"), &json!("free"))
    );
    assert!(!bo.to_string().contains("heron"), "{bo}");
    root.client.post("/v1/admin/users", &new).await.refused(409, "EMAIL_TAKEN");
    let login = json!({ "email": "bo@example.com", "password": "a heron over grey water" });
    let tokens = world.anonymous().post("/v1/auth/login", &login).await.ok(200);
    let bo_client = world.anonymous().with_token(tokens["access_token"].as_str().unwrap());

    let ana = world.user("ana").await;
    let one = format!("/v1/admin/users/{}", ana.id);
    // the entry never contains a password, and unknown fields are ignored
    let edit = json!({ "name": "Ana B", "password": "something else entirely", "plan": "enterprise" });
    let edited = bo_client.patch(&one, &edit).await.ok(200);
    assert_eq!((&edited["name"], &edited["plan"]), (&json!("Ana B"), &json!("free")));
    ana.log_in(&world).await;
    bo_client.patch(&format!("{one}/plan"), &json!({ "plan_id": "pro" })).await.ok(200);
    bo_client
        .patch(&format!("{one}/plan"), &json!({ "plan_id": "gold" }))
        .await
        .refused(422, "VALIDATION_ERROR");
    bo_client.post(&format!("{one}/ban"), &json!({ "reason": "noise" })).await.ok(200);
    bo_client.post(&format!("{one}/unban"), &json!({})).await.ok(200);
    // a request that changes nothing writes no entry
    bo_client.post(&format!("{one}/unban"), &json!({})).await.ok(200);

    let all = ["unban_user", "ban_user", "change_plan", "update_user", "create_user"];
    assert_eq!(audited_actions(&root, "").await, all);
    assert_eq!(audited_actions(&root, "&action_type=ban_user").await, ["ban_user"]);
    assert_eq!(
        audited_actions(&root, &format!("&admin_id={}&target_type=user", root.id)).await,
        ["create_user"]
    );
    let ban = root.client.get("/v1/admin/actions?action=ban_user").await.ok(200)["items"][0].clone();
    assert_eq!(
        (&ban["reason"], &ban["target_id"], &ban["admin_id"]),
        (&json!("noise"), &json!(ana.id), &bo["id"])
    );
    let first = root.client.get("/v1/admin/actions?limit=2").await.ok(200);
    let next = first["next"].as_str().expect("there is more");
    let second = root.client.get(&format!("/v1/admin/actions?limit=2&cursor={next}")).await.ok(200);
    assert_eq!(second["items"][0]["action"], all[2]);
    let numbered = root.client.get("/v1/admin/actions?limit=2&page=2").await.ok(200);
    assert_eq!(numbered["items"], second["items"]);

    // many accounts in one request, each with its own outcome
    let bulk = json!({ "action": "ban", "target_ids": [ana.id, root.id, bo["id"]], "reason": "cleaning" });
    bo_client.post("/v1/admin/bulk-actions", &bulk).await.refused(403, "FORBIDDEN");
    let outcome = root.client.post("/v1/admin/bulk-actions", &bulk).await.ok(200);
    assert_eq!((&outcome["done"], &outcome["failed"]), (&json!(2), &json!(1)), "{outcome}");
    bo_client.get("/v1/admin/users").await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn admins_list_search_and_sort_accounts() {
    let Some((world, root)) = World::with_admin("lists of accounts", "free").await else { return };
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    ana.start_session(1).await;
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    let get = |query: &'static str| {
        let client = root.client.clone();
        async move { client.get(&format!("/v1/admin/speakers{query}")).await.ok(200) }
    };
    assert_eq!(names(&get("").await), ["bo", "ana", "root"], "the newest first");
    assert_eq!(names(&get("?sort=name").await), ["ana", "bo", "root"]);
    assert_eq!(names(&get("?sort=-name&page=2&page_size=2").await), ["ana"]);
    let found = get("?search=AN&page_size=10").await;
    assert_eq!((names(&found), &found["total"]), (vec!["ana".to_owned()], &json!(1)));
    let row = &found["items"][0];
    assert_eq!((&row["presentation_count"], &row["session_count"]), (&json!(1), &json!(1)));
    assert!(row["last_active_at"].is_string() && row.get("password").is_none(), "{row}");
    let first = get("?limit=2").await;
    let path = format!("/v1/admin/users?limit=2&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(names(&root.client.get(&path).await.ok(200)), ["root"]);
    assert_eq!(names(&get("?role=super_admin").await), ["root"]);

    let detail = root.client.get(&format!("/v1/admin/users/{}", ana.id)).await.ok(200);
    assert_eq!(detail["presentations"].as_array().map(Vec::len), Some(1));
    assert_eq!(detail["sessions"][0]["status"], "active");
    // no admin sees a deleted account
    let body = json!({ "password": bo.password });
    bo.client.request(Method::DELETE, "/v1/users/me").json(&body).send().await.ok(204);
    root.client.get(&format!("/v1/admin/users/{}", bo.id)).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(names(&get("").await), ["ana", "root"]);
}

#[tokio::test]
async fn admins_list_count_and_end_sessions() {
    let Some((world, root)) = World::with_admin("sessions of all", "free").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let (_guest, mut socket) = session.join_and_connect(&world, "Bo").await;
    let vote = crate::world::users::vote_payload(&presentation.slides[0], "a", 1);
    socket.send("response_submitted", vote).await;
    socket.receive_until_pong().await;
    let mut screen: ClientSocket = ana.connect_to_session(&session).await;
    world.wait_for_jobs().await;

    let listed = root.client.get("/v1/admin/sessions?status=active").await.ok(200);
    assert_eq!(listed["items"][0]["id"], session.id);
    assert!(listed["items"][0].get("join_code").is_none(), "admins cannot see join codes");
    let of_ana = root.client.get(&format!("/v1/admin/sessions?speaker={}", ana.id)).await.ok(200);
    assert_eq!(of_ana["items"].as_array().map(Vec::len), Some(1));
    let before = root.client.get("/v1/admin/sessions?to=2020-01-01").await.ok(200);
    assert_eq!(before["items"], json!([]));
    let one = format!("/v1/admin/sessions/{}", session.id);
    let detail = root.client.get(&one).await.ok(200);
    assert_eq!(
        (&detail["participant_count"], &detail["total_responses"]),
        (&json!(1), &json!(1)),
        "{detail}"
    );
    assert_eq!(detail["ai"]["calls"], 0);

    let stats = root.client.get("/v1/admin/stats").await.ok(200);
    assert_eq!(stats["items"].as_array().map(Vec::len), Some(7));
    assert_eq!(stats["total"]["sessions"], 1);
    assert_eq!(stats["responses_by_slide_type"], json!({ "question_choice": 1 }));
    let sheet = root.client.get("/v1/admin/stats?format=csv&by=week").await;
    assert_eq!(sheet.status, 200);
    assert!(sheet.header("content-type").unwrap().starts_with("text/csv"));
    assert!(
        sheet.bytes.starts_with(b"date,sessions,participants,"),
        "it is ASCII and needs no byte order mark"
    );
    assert!(sheet.bytes.ends_with(b",1,1,1,0,0,0\r\n"), "{}", sheet.text);
    root.client.get("/v1/admin/stats?from=2020-01-01").await.refused(422, "VALIDATION_ERROR");
    let health = root.client.get("/v1/admin/health").await.ok(200);
    assert_eq!((&health["status"], &health["counts"]["active_sessions"]), (&json!("ok"), &json!(1)));
    assert_eq!(health["counts"]["accounts"], 2);
    assert!(health["instance"]["uptime_seconds"].as_i64().is_some_and(|it| it >= 0), "{health}");
    let group = health["errors"]["log_group"].as_str().unwrap();
    assert!(group.starts_with("/colloquy/") && group.ends_with("/functions"), "{group}");
    let board = root.client.get("/v1/admin/dashboard").await.ok(200);
    assert_eq!((&board["users"]["by_status"]["active"], &board["sessions"]["today"]), (&json!(2), &json!(1)));
    let llm = root.client.get("/v1/admin/llm").await.ok(200);
    assert_eq!((&llm["provider"], &llm["has_key"]), (&json!("extractive"), &json!(false)));
    assert_eq!((&llm["fallback_provider"], &llm["url_is_set"]), (&json!("extractive"), &json!(false)));
    let plans = root.client.get("/v1/admin/plans").await.ok(200);
    assert_eq!(plans["items"][2]["limits"]["sessions_per_month"], json!(null));

    root.client.post(&format!("{one}/end"), &json!({ "reason": "abuse" })).await.ok(202);
    world.wait_for_jobs().await;
    for socket in [&mut screen, &mut socket] {
        assert_eq!(socket.wait_for("session_ended").await["end_reason"], "admin");
    }
    let ended = ana.client.get(&format!("/v1/sessions/{}", session.id)).await.ok(200);
    assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("admin")));
    root.client.post(&format!("{one}/end"), &json!({})).await.refused(409, "SESSION_ENDED");
    assert_eq!(audited_actions(&root, "&target_type=session").await, ["end_session"]);
}

/// The configuration of the deployment is visible, except for the address and the name of the secret.
#[tokio::test]
async fn an_admin_sees_the_configured_model() {
    let parameters = [
        ("FirstAdminEmail", "root@example.com"),
        ("ModelProvider", "ollama"),
        ("ModelName", "obedient"),
        ("ModelUrl", "http://127.0.0.1:9"),
        ("ModelFallback", "none"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = LocalOptions { parameters, ..LocalOptions::default() };
    let Some(world) = World::local_only_with("the model", options).await else { return };
    let root = User::register_as(&world, "root", "root@example.com").await;
    assert_eq!(
        root.client.get("/v1/admin/llm").await.ok(200),
        json!({
            "provider": "ollama", "model": "obedient", "fallback_provider": null, "url_is_set": true, "has_key": false,
        })
    );
    let health = root.client.get("/v1/admin/health").await.ok(200);
    assert_eq!(health["llm"], json!({ "status": "configured", "provider": "ollama" }));
}
