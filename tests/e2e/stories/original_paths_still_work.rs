use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ClientSocket, World, images::small_image, users::choice_slide};

/// Returns every path of seed 1 that this product serves, as the README of the seed spells it, under every prefix, with
/// and without a slash at the end.
#[tokio::test]
async fn original_paths_still_work() {
    let world = World::start().await;
    for (number, (prefix, slash)) in
        [("/api", ""), ("/api", "/"), ("/api/v1", ""), ("/api/v1", "/"), ("/v1", ""), ("/v1", "/")]
            .into_iter()
            .enumerate()
    {
        let nobody = world.anonymous();
        let path = |path: String| format!("{prefix}{path}{slash}");
        let email = format!("old-{number}-{:016x}@example.com", rand::random::<u64>());
        let account = json!({ "email": email, "password": "a heron over grey water", "name": "Ana" });
        let made = nobody.post(&path("/auth/register".into()), &account).await.ok(201);
        let login = json!({ "email": email, "password": "a heron over grey water" });
        let tokens = nobody.post(&path("/auth/login".into()), &login).await.ok(200);
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        let tokens = nobody.post(&path("/auth/refresh".into()), &body).await.ok(200);
        let ana = nobody.with_token(tokens["access_token"].as_str().unwrap());
        let me = ana.get(&path("/auth/me".into())).await.ok(200);
        let row = path("/…".into());
        assert_eq!(
            (&me["id"], &me["plan_type"]),
            (&made["user"]["id"], &made["speaker"]["plan_type"]),
            "{row}"
        );
        let usage = ana.get(&path("/speakers/me/usage".into())).await.ok(200);
        assert_eq!(usage["plan"], me["plan_type"], "{row}");
        ana.get(&path("/admin/speakers".into())).await.refused(403, "FORBIDDEN");
        nobody.post(&path("/auth/password-reset".into()), &json!({ "email": email })).await.ok(200);
        let confirm = json!({ "token": "none", "new_password": "a heron over grey water 2" });
        nobody
            .post(&path("/auth/password-reset/confirm".into()), &confirm)
            .await
            .refused(400, "INVALID_TOKEN");

        let new = json!({ "title": "Herons" });
        let presentation = id(&ana.post(&path("/presentations".into()), &new).await.ok(201));
        let one = format!("/presentations/{presentation}");
        assert_eq!(
            ana.get(&path("/presentations".into())).await.ok(200)["items"][0]["id"],
            json!(presentation),
            "{row}"
        );
        ana.get(&path(one.clone())).await.ok(200);
        ana.put(&path(one.clone()), &json!({ "title": "Otters" })).await.ok(200);
        let copy = id(&ana.post(&path(format!("{one}/duplicate")), &json!({})).await.ok(201));
        ana.delete(&path(format!("/presentations/{copy}"))).await.ok(204);
        let slide = id(&ana.post(&path(format!("{one}/slides")), &choice_slide(1, false)).await.ok(201));
        let second = id(&ana.post(&path(format!("{one}/slides")), &choice_slide(2, false)).await.ok(201));
        assert_eq!(ana.get(&path(format!("{one}/slides"))).await.ok(200)["total"], 2, "{row}");
        ana.put(&path(format!("/slides/{slide}")), &choice_slide(3, false)).await.ok(200);
        let swapped = json!({ "slide_ids": [second, slide] });
        ana.put(&path(format!("{one}/slides/reorder")), &swapped).await.ok(200);
        ana.delete(&path(format!("/slides/{second}"))).await.ok(204);

        let new = json!({ "presentation_id": presentation });
        let session = ana.post(&path("/sessions".into()), &new).await.ok(201);
        let one = format!("/sessions/{}", id(&session));
        ana.get(&path(one.clone())).await.ok(200);
        let code = session["join_code"].as_str().unwrap();
        nobody.get(&path(format!("/sessions/code/{code}"))).await.ok(200);
        ana.post(&path(format!("{one}/start")), &json!({})).await.ok(200);
        ana.post(&path(format!("{one}/slide")), &json!({ "slide_id": slide })).await.ok(200);
        let joined = nobody.post(&path(format!("/sessions/code/{code}/join")), &json!({})).await.ok(201);
        let guest = nobody.with_token(joined["participant_token"].as_str().unwrap());
        let vote = json!({ "session_id": id(&session), "slide_id": slide, "content": { "selected": ["a"] } });
        guest.post(&path("/responses".into()), &vote).await.ok(201);
        let asked = json!({ "session_id": id(&session), "question": "Where do they nest?" });
        guest.post(&path("/ai/answer".into()), &asked).await.ok(202);
        assert_eq!(ana.get(&path(format!("{one}/questions"))).await.ok(200)["total"], 1, "{row}");
        let upload =
            ana.request(Method::POST, &path("/upload/image".into())).file("image/png", &small_image());
        let image = upload.send().await.ok(201);
        let name = image["filename"].as_str().unwrap();
        nobody.get(&path(format!("/images/{name}"))).await.ok(200);
        ana.get(&path(format!("{one}/leaderboard"))).await.ok(200);
        ana.post(&path(format!("{one}/end")), &json!({})).await.ok(200);
    }
    let health = world.anonymous().get("/health").await.ok(200);
    assert!(["healthy", "ok"].contains(&health["status"].as_str().unwrap_or_default()), "{health}");
    for (page, content) in [("/", "json"), ("/docs", "html"), ("/openapi.json", "json")] {
        let answer = world.anonymous().request(Method::GET, page).send().await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.header("content-type").is_some_and(|kind| kind.contains(content)), "{page}");
    }
}

/// `ws://localhost:8000/ws/{session_id}?token={jwt_token}` and its relatives.
#[tokio::test]
async fn the_original_socket_path_still_opens() {
    let Some(world) = World::local_only("the local gateway's socket paths").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let base = world.url().replacen("http", "ws", 1);
    let (id, token) = (&session.id, &ana.access_token);
    for path in [
        format!("/ws/{id}?token={token}"),
        format!("/ws/sessions/{id}?token={token}"),
        format!("/v1/sessions/{id}/ws?token={token}"),
        format!("/v1/sessions/{id}/stream?token={token}"),
        format!("/ws?session_id={id}&token={token}"),
        format!("/v1/realtime/ws?session_id={id}&token={token}"),
    ] {
        let mut socket = ClientSocket::open(&format!("{base}{path}")).await;
        let state = socket.wait_for("session_state").await;
        assert_eq!((&state["session_id"], &state["role"]), (&json!(id), &json!("presenter")), "{path}");
    }
    // the flat form of messages, with the field names of the original
    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    let flat = json!({ "type": "submit_response", "slide_id": presentation.slides[0].id, "content": { "selected": "b" } });
    bo.send_text(&flat.to_string()).await;
    bo.wait_for_where("vote_update", |update| update["votes"]["b"] == 1).await;
    bo.send_text(r#"{"type":"ask_question","question_text":"Where do they nest?"}"#).await;
    bo.wait_for("question_updated").await;
    bo.send_text(r#"{"type":"join","display_name":"Robert"}"#).await;
    assert_eq!(bo.wait_for("session_state").await["display_name"], "Robert");
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}
