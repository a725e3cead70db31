use std::time::Duration;

use serde_json::json;

use crate::world::{User, World, mail::VERIFICATION};

/// Longer than the mail waits for a reader, plus the next minute of the clock.
const LATER: Duration = Duration::from_mins(17);

async fn advance_time(world: &World) {
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(LATER);
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
}

async fn subjects_to(world: &World, user: &User) -> Vec<String> {
    world.mails_to(&user.email).await.into_iter().map(|mail| mail.subject).collect()
}

/// A person registers an address that is not theirs, and another account sends it words and a link by a mention.
#[tokio::test]
async fn a_mention_is_not_mailed_to_an_unverified_address() {
    let Some(world) = World::local_only("mail, and a clock to turn").await else { return };
    let (victim, eve) = (world.teammate("victim").await, world.teammate("eve").await);
    let renamed = json!({ "name": "Your mailbox is full, see corp-login.evil.example" });
    victim.client.patch("/v1/users/me", &renamed).await.ok(200);
    eve.client.patch("/v1/users/me", &json!({ "name": "Corp IT Security" })).await.ok(200);
    let channel = eve.create_channel_with(&[&victim]).await;
    let bait = "your mailbox is full, sign in at http://corp-login.evil.example/ now";
    eve.send_message(&channel, &format!("@{} {bait}", victim.username)).await;
    advance_time(&world).await;
    advance_time(&world).await;
    assert_eq!(subjects_to(&world, &victim).await, [VERIFICATION]);
    // a reset is the other mail that such an address gets, and it has no word of the account either
    let reset = json!({ "email": victim.email });
    world.anonymous().post("/v1/auth/password-reset", &reset).await.ok(200);
    assert_eq!(subjects_to(&world, &victim).await, [VERIFICATION, "Choose a new password"]);
    for mail in world.mails_to(&victim.email).await {
        let whole =
            format!("{} {} {}", mail.subject, mail.text.unwrap_or_default(), mail.html.unwrap_or_default());
        assert!(!whole.contains("evil") && !whole.contains("mailbox"), "{whole}");
    }

    // after the verification, the next mention is mailed
    let (victim_again, eve) = (victim.log_in(&world).await, eve.log_in(&world).await);
    victim_again.client.post("/v1/auth/email-verification", &json!({})).await.ok(200);
    victim_again.verify_email(&world).await;
    eve.send_message(&channel, &format!("@{} are you there?", victim.username)).await;
    advance_time(&world).await;
    let mails = world.mails_to(&victim.email).await;
    let digest = mails.last().and_then(|mail| mail.text.clone()).unwrap_or_default();
    assert!(digest.contains("are you there?"), "{mails:?}");
}

#[tokio::test]
async fn a_report_is_not_mailed_to_an_unverified_address() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    for is_verified in [false, true] {
        if is_verified {
            ana.verify_email(&world).await;
        }
        let (_, session) = ana.start_session(1).await;
        let mut presenter = ana.connect_to_session(&session).await;
        session.transition("end").await;
        presenter.wait_for("report_ready").await;
        let subjects = subjects_to(&world, &ana).await;
        assert_eq!(subjects.iter().any(|subject| subject.contains("report")), is_verified, "{subjects:?}");
    }
}

#[tokio::test]
async fn a_changed_password_is_announced_to_a_verified_address_only() {
    let Some(world) = World::local_only("mail").await else { return };
    let ana = world.user("ana").await;
    let change = |from: &str, to: &str| json!({ "current_password": from, "new_password": to });
    let (first, second) = ("an otter in the morning fog 81", "a marten under the eaves 17");
    ana.client.post("/v1/auth/password", &change(&ana.password, first)).await.ok(200);
    assert_eq!(subjects_to(&world, &ana).await, [VERIFICATION]);
    ana.verify_email(&world).await;
    ana.client.post("/v1/auth/password", &change(first, second)).await.ok(200);
    assert_eq!(subjects_to(&world, &ana).await, [VERIFICATION, "Your password was changed"]);
}
