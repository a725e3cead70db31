use std::time::Duration;

use serde_json::json;

use crate::world::{User, World};

/// Returns the token of the latest mail, whose link leads to a form.
async fn mailed_token(world: &World, user: &User) -> String {
    let mail = world.newest_mail(&user.email, "Choose a new password").await;
    assert!(mail.text.is_some() && mail.html.is_some(), "{}", mail.subject);
    let link = mail.links.iter().find(|link| link.contains("token=")).expect("a link with a token");
    assert!(link.starts_with(world.url()), "{link}");
    let page = world.anonymous().get(link.strip_prefix(world.url()).unwrap()).await;
    page.ok(200);
    assert!(page.text.contains("<form") && page.text.contains("type=\"password\""), "{}", page.text);
    link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_password_is_reset_by_email() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    let mut someone = world.anonymous();
    let asked = someone.post("/v1/auth/password-reset", &json!({ "email": ana.email.to_uppercase() })).await;
    let unknown = someone.post("/v1/auth/password-reset", &json!({ "email": "nobody@example.com" })).await;
    assert_eq!(
        (asked.status, asked.body()),
        (unknown.status, unknown.body()),
        "the response does not reveal whether the account exists"
    );
    asked.ok(200);
    let token = mailed_token(&world, &ana).await;
    assert!(token.len() >= 22, "128 bits: {token}");
    assert!(world.local_cloud().emulator().ses().newest_to("nobody@example.com").is_none());

    let confirm = |token: &str, password: &str| json!({ "token": token, "new_password": password });
    let new = "a marten under the eaves 17";
    someone = world.anonymous();
    let path = "/v1/auth/password-reset/confirm";
    someone.post(path, &confirm(&token, "short")).await.refused(422, "VALIDATION_ERROR");
    someone.post(path, &confirm("no such token", new)).await.refused(400, "INVALID_TOKEN");
    let done = someone.post(path, &confirm(&token, new)).await;
    assert!((200..300).contains(&done.status), "{}", done.text);
    someone.post(path, &confirm(&token, new)).await.refused(400, "INVALID_TOKEN");

    // every log-in has ended, the new password is valid, the address is verified, and a mail confirms the change
    ana.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    let login = |password: &str| json!({ "email": ana.email, "password": password });
    someone.post("/v1/auth/login", &login(&ana.password)).await.refused(401, "UNAUTHORIZED");
    let again = someone.post("/v1/auth/login", &login(new)).await.ok(200);
    assert_eq!(again["user"]["email_verified"], true, "{again}");
    let mail = world.newest_mail(&ana.email, "Your password was changed").await;
    assert!(
        !mail.links.iter().any(|link| link.contains("token=")),
        "the notice of the change: {}",
        mail.subject
    );

    // a token is valid for an hour
    someone.post("/v1/auth/password-reset", &json!({ "email": ana.email })).await.ok(200);
    let late = mailed_token(&world, &ana).await;
    world.local_cloud().clock().advance(Duration::from_secs(3601));
    someone.post(path, &confirm(&late, new)).await.refused(400, "INVALID_TOKEN");
}
