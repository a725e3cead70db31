use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{User, World, mail::VERIFICATION};

const CONFIRM: &str = "/v1/auth/email-verification/confirm";
const LINK: &str = "/v1/auth/email-verification/link";
const REQUEST: &str = "/v1/auth/email-verification";

/// Returns a code that differs from the right one.
fn wrong_code(right: &str) -> &'static str {
    if right == "000000" { "000001" } else { "000000" }
}

async fn is_verified(user: &User) -> bool {
    user.client.get("/v1/users/me").await.ok(200)["email_verified"].as_bool().expect("a truth value")
}

fn code(code: &str) -> Value {
    json!({ "code": code })
}

#[tokio::test]
async fn an_address_is_verified_by_a_code() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    // the account works at once
    ana.create_presentation(1).await;
    assert!(!is_verified(&ana).await);
    let first = world.verification_mail(&ana.email).await.code;
    for _ in 0..4 {
        ana.client.post(CONFIRM, &code(wrong_code(&first))).await.refused(400, "INVALID_TOKEN");
    }
    ana.client.post(REQUEST, &json!({})).await.ok(200);
    let second = world.verification_mail(&ana.email).await.code;
    if first != second {
        ana.client.post(CONFIRM, &code(&first)).await.refused(400, "INVALID_TOKEN");
    }
    // as people type it
    let spaced = format!("{} {}", &second[..3], &second[3..]);
    ana.client.post(CONFIRM, &code(&spaced)).await.ok(200);
    assert!(is_verified(&ana).await);
    ana.client.post(CONFIRM, &code("repeated")).await.ok(200);
    let done = ana.client.post(REQUEST, &json!({})).await.ok(200);
    assert!(done["message"].as_str().unwrap().contains("is verified"), "{done}");
    let mails = world.mails_to(&ana.email).await;
    assert_eq!(mails.iter().filter(|mail| mail.subject == VERIFICATION).count(), 2, "{mails:?}");
    world.anonymous().post(CONFIRM, &code(&second)).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn five_wrong_codes_make_a_code_invalid() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    let right = world.verification_mail(&ana.email).await.code;
    for _ in 0..5 {
        ana.client.post(CONFIRM, &code(wrong_code(&right))).await.refused(400, "INVALID_TOKEN");
    }
    let refused = ana.client.post(CONFIRM, &code(&right)).await.refused(400, "INVALID_TOKEN");
    assert!(refused["message"].as_str().unwrap().contains("request another mail"), "{refused}");
    assert!(!is_verified(&ana).await);
    ana.client.post(REQUEST, &json!({})).await.ok(200);
    ana.verify_email(&world).await;
    assert!(is_verified(&ana).await);
}

#[tokio::test]
async fn a_code_and_a_link_expire_after_fifteen_minutes() {
    let Some(world) = World::local_only("mail, and a clock to turn").await else { return };
    let ana = world.user("ana").await;
    let proof = world.verification_mail(&ana.email).await;
    world.local_cloud().clock().advance(Duration::from_mins(15));
    // the access token has expired too
    let ana = ana.log_in(&world).await;
    ana.client.post(CONFIRM, &code(&proof.code)).await.refused(400, "INVALID_TOKEN");
    let link = json!({ "token": proof.token });
    world.anonymous().post(LINK, &link).await.refused(400, "INVALID_TOKEN");
    assert!(!is_verified(&ana).await);
}

#[tokio::test]
async fn an_address_is_verified_by_a_link_only_when_its_reader_presses_the_button() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    let token = world.verification_mail(&ana.email).await.token;
    // a scanner of mail opens the link
    let scanner = world.anonymous();
    let page = scanner.get(&format!("/verify?token={token}")).await;
    page.ok(200);
    assert!(page.text.contains("Confirm the address"), "{}", page.text);
    scanner.get(LINK).await.refused(405, "METHOD_NOT_ALLOWED");
    assert!(!is_verified(&ana).await);

    let reader = world.anonymous();
    let mut forged = token.clone();
    forged.replace_range(63.., if token.ends_with('A') { "B" } else { "A" });
    reader.post(LINK, &json!({ "token": forged })).await.refused(400, "INVALID_TOKEN");
    reader.post(LINK, &json!({ "token": "none" })).await.refused(400, "INVALID_TOKEN");
    for _ in 0..2 {
        reader.post(LINK, &json!({ "token": token })).await.ok(200);
    }
    assert!(is_verified(&ana).await);
}

#[tokio::test]
async fn a_code_verifies_only_the_address_to_which_it_was_mailed() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    let first = world.verification_mail(&ana.email).await;
    let change = |email: &str| json!({ "email": email, "current_password": ana.password });
    let new = format!("new-{}", ana.email);
    let changed = ana.client.patch("/v1/users/me", &change(&new)).await.ok(200);
    assert_eq!(changed["email_verified"], false);
    let second = world.verification_mail(&new).await;
    if first.code != second.code {
        ana.client.post(CONFIRM, &code(&first.code)).await.refused(400, "INVALID_TOKEN");
    }
    world.anonymous().post(LINK, &json!({ "token": first.token })).await.refused(400, "INVALID_TOKEN");
    assert!(!is_verified(&ana).await);
    let mails = world.mails_to(&ana.email).await;
    assert_eq!(mails.len(), 1, "an old address that was not verified is not notified: {mails:?}");

    // the code of the second address does not verify the first one after a change back
    ana.client.patch("/v1/users/me", &change(&ana.email)).await.ok(200);
    world.anonymous().post(LINK, &json!({ "token": second.token })).await.refused(400, "INVALID_TOKEN");
    ana.verify_email(&world).await;
    assert!(is_verified(&ana).await);

    // the owner of a verified address learns that the account has another one
    ana.client.patch("/v1/users/me", &change(&new)).await.ok(200);
    assert!(!is_verified(&ana).await);
    let notice = world.newest_mail(&ana.email, "Your e-mail address was changed").await;
    let text = notice.text.unwrap_or_default();
    assert!(text.contains("If you did not change it") && !text.contains(&new), "{text}");
}

#[tokio::test]
async fn an_admin_cannot_verify_an_address_of_another_person() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    let ana = world.user("ana").await;
    ana.verify_email(&world).await;
    let path = format!("/v1/admin/users/{}", ana.id);
    let new = format!("new-{}", ana.email);
    let changed = root.client.patch(&path, &json!({ "email": new })).await.ok(200);
    assert_eq!((&changed["email"], &changed["email_verified"]), (&json!(new), &json!(false)));
    world.newest_mail(&ana.email, "Your e-mail address was changed").await;
    let token = world.verification_mail_by_admin(&new).await;
    ana.client.post(CONFIRM, &code("000000")).await.refused(400, "INVALID_TOKEN");
    world.anonymous().post(LINK, &json!({ "token": token })).await.ok(200);
    assert_eq!(root.client.get(&path).await.ok(200)["email_verified"], true);

    let made = json!({ "email": "fay@example.com", "password": "a heron over grey water", "name": "Fay" });
    let made = root.client.post("/v1/admin/users", &made).await.ok(201);
    assert_eq!(made["email_verified"], false);
    world.verification_mail_by_admin("fay@example.com").await;
}
