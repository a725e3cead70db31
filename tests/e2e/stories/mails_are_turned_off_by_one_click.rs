use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::SentEmail;

use crate::world::{User, World};

const PREFERENCES: &str = "/v1/notifications/preferences";

/// Ends a session, and returns the mails about reports that its owner has got.
async fn mails_after_session(world: &World, owner: &User) -> Vec<SentEmail> {
    let (_, session) = owner.start_session(1).await;
    let mut presenter = owner.connect_to_session(&session).await;
    session.transition("end").await;
    presenter.wait_for("report_ready").await;
    let mut mails = world.mails_to(&owner.email).await;
    mails.retain(|mail| mail.subject.contains("report"));
    mails
}

/// Returns the path of the URL in the header for mail programs.
fn one_click_path(world: &World, mail: &SentEmail) -> String {
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let header = mail.header("List-Unsubscribe").expect("the header");
    let url = header.strip_prefix('<').and_then(|url| url.strip_suffix('>')).expect("a URL in brackets");
    url.strip_prefix(world.url()).expect("a URL of this deployment").to_owned()
}

#[tokio::test]
async fn one_click_turns_off_one_kind_of_mail() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    ana.verify_email(&world).await;
    let mails = mails_after_session(&world, &ana).await;
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    let path = one_click_path(&world, mail);

    // a scanner of mail opens all links, which changes nothing
    let scanner = world.anonymous();
    let opened = scanner.get(&path).await;
    assert_eq!(opened.status, 303);
    let page = opened.header("location").unwrap().strip_prefix(world.url()).unwrap().to_owned();
    assert!(mail.links.contains(&format!("{}{page}", world.url())), "the link in the text: {:?}", mail.links);
    let opened = scanner.get(&page).await;
    opened.ok(200);
    assert!(opened.text.contains("Turn these mails off"), "{}", opened.text);
    assert_eq!(ana.client.get(PREFERENCES).await.ok(200)["report_mail"], true);

    // a mail program sends a form, without a log-in, perhaps twice
    let program = world.anonymous();
    for _ in 0..2 {
        let click = program.request(Method::POST, &path);
        let click = click.file("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click");
        let clicked = click.send().await.ok(200);
        assert_eq!(clicked["list"], "report");
    }
    let preferences = ana.client.get(PREFERENCES).await.ok(200);
    assert_eq!((&preferences["report_mail"], &preferences["mail_digest"]), (&json!(false), &json!("hourly")));
    assert_eq!(mails_after_session(&world, &ana).await.len(), 1, "no mail is sent any more");
    ana.client.put(PREFERENCES, &json!({ "report_mail": true })).await.ok(200);
    assert_eq!(mails_after_session(&world, &ana).await.len(), 2);

    // the token is good for nothing else, and for a year
    let token = path.split_once("token=").unwrap().1;
    world.anonymous().with_token(token).get("/v1/users/me").await.refused(401, "UNAUTHORIZED");
    let foreign = format!("/v1/notifications/unsubscribe?token={}", ana.access_token);
    program.post(&foreign, &json!({})).await.refused(400, "INVALID_TOKEN");
    program.post("/v1/notifications/unsubscribe", &json!({})).await.refused(422, "VALIDATION_ERROR");
    let unknown = scanner.get("/v1/notifications/unsubscribe?token=none").await;
    assert_eq!(unknown.header("location"), Some(format!("{}/unsubscribe", world.url()).as_str()));
    world.local_cloud().clock().advance(Duration::from_hours(365 * 24));
    program.post(&path, &json!({})).await.refused(400, "INVALID_TOKEN");
}

#[tokio::test]
async fn one_click_turns_off_digests() {
    let Some(world) = World::local_only("mail, and a clock to turn").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    bo.verify_email(&world).await;
    let channel = ana.create_channel_with(&[&bo]).await;
    ana.send_message(&channel, &format!("@{} the nest is empty", bo.username)).await;
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(Duration::from_mins(17));
    world.local_cloud().run_schedules().await;
    let digest = world.mails_to(&bo.email).await.pop().expect("a digest");
    let path = one_click_path(&world, &digest);
    assert_eq!(world.anonymous().post(&path, &json!({})).await.ok(200)["list"], "mention_digest");
    let bo = bo.log_in(&world).await;
    let expected = json!({ "mail_digest": "off", "report_mail": true, "quiet_hours": null });
    assert_eq!(bo.client.get(PREFERENCES).await.ok(200), expected);
}
