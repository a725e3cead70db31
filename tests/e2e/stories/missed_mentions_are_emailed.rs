use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{User, World, mail::VERIFICATION, team::Teammate};

/// Longer than the mail waits for a reader, plus the next minute of the clock.
const LATER: Duration = Duration::from_mins(17);

/// Creates a channel of two, whose addresses are verified.
async fn two_members(world: &World) -> (Teammate, Teammate, String) {
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    ana.verify_email(world).await;
    bo.verify_email(world).await;
    let channel = ana.create_channel(true).await;
    let id = channel["id"].as_str().expect("an id").to_owned();
    let body = json!({ "user_id": bo.id });
    ana.client.post(&format!("/v1/channels/{id}/add-user"), &body).await.ok(200);
    (ana, bo, id)
}

async fn send_to_channel(user: &User, channel: &str, content: &str) -> Value {
    let body = json!({ "channel_id": channel, "content": content });
    user.client.post("/v1/messages", &body).await.ok(201)
}

async fn advance_time(world: &World, time: Duration) {
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(time);
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
}

fn mails_to(world: &World, user: &User) -> Vec<String> {
    let sent = world.local_cloud().emulator().ses().emails().into_iter();
    sent.filter(|mail| mail.to.contains(&user.email) && mail.subject != VERIFICATION)
        .filter_map(|mail| mail.text)
        .collect()
}

#[tokio::test]
async fn missed_mentions_are_emailed() {
    let Some(world) = World::local_only("mail, and a clock to turn").await else { return };
    let (ana, bo, channel) = two_members(&world).await;
    let name = bo.username.clone();
    send_to_channel(&ana, &channel, &format!("@{name} the nest is empty")).await;
    let deleted = send_to_channel(&ana, &channel, &format!("@{name} never mind me")).await;
    ana.client.delete(&format!("/v1/messages/{}", deleted["id"].as_str().expect("an id"))).await.ok(200);
    advance_time(&world, Duration::from_mins(10)).await;
    assert!(mails_to(&world, &bo).is_empty(), "online members are not mailed at once");
    advance_time(&world, LATER).await;
    let mail = &mails_to(&world, &bo)[..];
    let [text] = mail else { panic!("one mail: {mail:?}") };
    assert!(text.contains("the nest is empty") && !text.contains("never mind"), "{text}");
    advance_time(&world, LATER).await;
    assert_eq!(mails_to(&world, &bo).len(), 1, "once");

    // mentions that were read in time are not mailed, and the earlier tokens have expired
    let (ana, bo) = (ana.log_in(&world).await, bo.log_in(&world).await);
    let read = send_to_channel(&ana, &channel, &format!("@{name} read this")).await;
    bo.client.put(&format!("/v1/channels/{channel}/read"), &json!({ "seq": read["seq"] })).await.ok(200);
    advance_time(&world, Duration::from_mins(90)).await;
    assert_eq!(mails_to(&world, &bo).len(), 1);
    assert!(mails_to(&world, &ana).is_empty());
}

#[tokio::test]
async fn quiet_hours_and_opt_outs_are_respected() {
    let Some(world) = World::local_only("mail, and a clock to turn").await else { return };
    let (ana, bo, channel) = two_members(&world).await;
    let name = bo.username.clone();
    let path = "/v1/notifications/preferences";
    let first = bo.client.get(path).await.ok(200);
    assert_eq!(first, json!({ "mail_digest": "hourly", "report_mail": true, "quiet_hours": null }));
    // quiet hours from a minute ago, for two hours, in UTC
    let minute = world.local_cloud().clock().now().as_second() / 60 % 1440;
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    let hours = json!({ "from": time(minute + 1439), "to": time(minute + 120), "time_zone": "UTC" });
    let wanted = json!({ "mail_digest": "daily", "report_mail": false, "quiet_hours": hours });
    assert_eq!(bo.client.put(path, &wanted).await.ok(200), wanted);
    assert_eq!(bo.client.get(path).await.ok(200), wanted);

    let mut socket = bo.connect_to_team_unread().await;
    socket.receive_until_pong().await;
    send_to_channel(&ana, &channel, &format!("@{name} hush")).await;
    assert_eq!(socket.wait_for("mention_notification").await["is_silent"], true);
    advance_time(&world, Duration::from_hours(1)).await;
    assert!(mails_to(&world, &bo).is_empty());
    advance_time(&world, Duration::from_mins(65)).await;
    assert_eq!(mails_to(&world, &bo).len(), 1, "in the morning");

    // at most one mail a day, and none after an opt-out
    let (ana, bo) = (ana.log_in(&world).await, bo.log_in(&world).await);
    send_to_channel(&ana, &channel, &format!("@{name} again")).await;
    advance_time(&world, Duration::from_hours(10)).await;
    assert_eq!(mails_to(&world, &bo).len(), 1);
    let bo = bo.log_in(&world).await;
    let off = bo.client.put(path, &json!({ "mail_digest": "off" })).await.ok(200);
    let kept = json!({ "mail_digest": "off", "report_mail": false, "quiet_hours": null });
    assert_eq!(off, kept, "a client that does not know report_mail does not turn it on");
    advance_time(&world, Duration::from_hours(20)).await;
    assert_eq!(mails_to(&world, &bo).len(), 1);
    let bo = bo.log_in(&world).await;
    for (field, wrong) in [
        ("quiet_hours.from", json!({ "from": "25:00", "to": "07:00", "time_zone": "UTC" })),
        ("quiet_hours.to", json!({ "from": "07:00", "to": "07:00", "time_zone": "UTC" })),
        ("quiet_hours.time_zone", json!({ "from": "22:00", "to": "07:00", "time_zone": "Mars/Olympus" })),
    ] {
        let refused = bo.client.put(path, &json!({ "quiet_hours": wrong })).await;
        assert_eq!(refused.refused(422, "VALIDATION_ERROR")["fields"][0]["field"], field, "{wrong}");
    }
}
