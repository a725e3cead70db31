use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn logging_out_closes_sockets_and_tokens() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let phone = ana.log_in(&world).await;
    let (_, session) = ana.start_session(1).await;
    let mut socket = phone.connect_to_session(&session).await;

    phone.client.post("/v1/auth/logout", &json!({})).await.ok(204);
    let error = socket.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("unauthorized"), &json!(true)));
    socket.wait_closed().await;
    phone.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    let body = json!({ "refresh_token": phone.refresh_token });
    world.anonymous().post("/v1/auth/refresh", &body).await.refused(401, "UNAUTHORIZED");

    // the other device stays logged in
    ana.client.get("/v1/auth/me").await.ok(200);
    ana.connect_to_session(&session).await.receive_until_pong().await;
}

#[tokio::test]
async fn a_new_password_ends_all_other_log_ins() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let phone = ana.log_in(&world).await;
    let (_, session) = ana.start_session(1).await;
    let mut socket = phone.connect_to_session(&session).await;

    let new = "an otter in the morning fog 81";
    let wrong = json!({ "current_password": "not it, surely", "new_password": new });
    ana.client.post("/v1/auth/password", &wrong).await.refused(422, "VALIDATION_ERROR");
    let right = json!({ "current_password": ana.password, "new_password": new });
    let changed = ana.client.post("/v1/auth/password", &right).await;
    assert!((200..300).contains(&changed.status), "{}", changed.text);
    socket.wait_for_where("error", |error| error["fatal"] == true).await;
    socket.wait_closed().await;
    phone.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    ana.client.get("/v1/auth/me").await.ok(200);
    let old = json!({ "email": ana.email, "password": ana.password });
    world.anonymous().post("/v1/auth/login", &old).await.refused(401, "UNAUTHORIZED");
    let login = json!({ "email": ana.email.to_uppercase(), "password": new });
    world.anonymous().post("/v1/auth/login", &login).await.ok(200);
}

#[tokio::test]
async fn log_ins_are_listed_ended_and_capped() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let phone = ana.log_in(&world).await;
    let logins = ana.client.get("/v1/auth/sessions").await.ok(200);
    let logins = logins["items"].as_array().expect("items").clone();
    assert_eq!(logins.len(), 2, "{logins:?}");
    let other = logins.iter().find(|login| login["current"] == false).expect("the phone");
    ana.client.delete(&format!("/v1/auth/sessions/{}", other["id"].as_str().unwrap())).await.ok(204);
    phone.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");

    // the twenty-first log-in ends the oldest
    for _ in 0..20 {
        ana.log_in(&world).await;
    }
    ana.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    let newest = ana.log_in(&world).await;
    let logins = newest.client.get("/v1/auth/sessions?limit=100").await.ok(200);
    assert_eq!(logins["items"].as_array().map(Vec::len), Some(20));
    newest.client.delete("/v1/auth/sessions").await.ok(204);
    let logins = newest.client.get("/v1/auth/sessions").await.ok(200);
    assert_eq!(logins["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_deleted_account_frees_its_email_address() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    let link = format!("/v1/presentations/slug/{}", presentation.slug);
    world.anonymous().get(&link).await.ok(200);
    let wrong = json!({ "password": "something else entirely" });
    ana.client
        .request(reqwest::Method::DELETE, "/v1/users/me")
        .json(&wrong)
        .send()
        .await
        .refused(422, "VALIDATION_ERROR");
    let right = json!({ "password": ana.password });
    ana.client.request(reqwest::Method::DELETE, "/v1/users/me").json(&right).send().await.ok(204);
    ana.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    let login = json!({ "email": ana.email, "password": ana.password });
    world.anonymous().post("/v1/auth/login", &login).await.refused(401, "UNAUTHORIZED");
    ana.client.get(&format!("/v1/presentations/{}", presentation.id)).await.refused(401, "UNAUTHORIZED");
    world.anonymous().get(&link).await.refused(404, "RESOURCE_NOT_FOUND");
    let again = json!({ "email": ana.email, "password": ana.password, "name": "ana" });
    world.anonymous().post("/v1/auth/register", &again).await.ok(201);
}
