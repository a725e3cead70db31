use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn unread_counts_follow_reading() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    let mut last = json!({});
    for number in 1..=3 {
        last = ana.send_message(&channel, &format!("number {number}")).await;
    }
    // a new member has read the earlier messages, and an author has read their own
    bo.join_channel(&channel).await;
    let counts = async |who: &crate::world::Teammate| {
        let listed = who.listed_channel(&channel).await.expect("it is listed");
        [&listed["seq"], &listed["read_seq"], &listed["unread_count"]].map(|value| value.as_u64().unwrap())
    };
    assert_eq!((counts(&ana).await, counts(&bo).await), ([3, 3, 0], [3, 3, 0]));
    for number in 4..=9 {
        last = ana.send_message(&channel, &format!("number {number}")).await;
    }
    assert_eq!((counts(&ana).await, counts(&bo).await), ([9, 9, 0], [9, 3, 6]));

    let mut phone = bo.connect_to_team_unread().await;
    let path = format!("/v1/channels/{}/read", channel.id);
    let mark = async |body: serde_json::Value| bo.client.put(&path, &body).await.ok(200);
    assert_eq!(mark(json!({ "seq": 5 })).await, json!({ "read_seq": 5, "unread_count": 4 }));
    let event = phone.wait_for("read_marked").await;
    assert_eq!(event, json!({ "channel_id": channel.id, "read_seq": 5 }));
    // the mark moves only forwards, unless the client asks for more
    assert_eq!(mark(json!({ "seq": 4 })).await, json!({ "read_seq": 5, "unread_count": 4 }));
    let back = mark(json!({ "seq": 2, "force": true })).await;
    assert_eq!(back, json!({ "read_seq": 2, "unread_count": 7 }));
    let all = mark(json!({ "message_id": last["id"] })).await;
    assert_eq!(all, json!({ "read_seq": 9, "unread_count": 0 }));
    assert_eq!(counts(&bo).await, [9, 9, 0]);
    phone.receive_until_pong().await;
    assert_eq!(phone.count("read_marked"), 3, "an unchanged mark publishes no event");

    let other = ana.create_public_channel().await;
    let theirs = ana.send_message(&other, "elsewhere").await;
    for (wrong, field) in [
        (json!({ "seq": 10 }), "seq"),
        (json!({}), "seq"),
        (json!({ "seq": 1, "message_id": last["id"] }), "seq"),
        (json!({ "seq": -1 }), "seq"),
        (json!({ "message_id": theirs["id"] }), "message_id"),
        (json!({ "message_id": "x" }), "message_id"),
    ] {
        let refused = bo.client.put(&path, &wrong).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
    }
    let stranger = world.teammate("cy").await;
    stranger.client.put(&path, &json!({ "seq": 1 })).await.refused(404, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn members_choose_their_notifications() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let path = format!("/v1/channels/{}/notifications", channel.id);
    assert_eq!(bo.listed_channel(&channel).await.unwrap()["notify"], "all");
    for notify in ["mentions", "nothing", "nothing"] {
        let chosen = bo.client.patch(&path, &json!({ "notify": notify })).await.ok(200);
        assert_eq!(chosen, json!({ "notify": notify }));
        assert_eq!(bo.listed_channel(&channel).await.unwrap()["notify"], notify);
    }
    assert_eq!(ana.listed_channel(&channel).await.unwrap()["notify"], "all", "theirs alone");
    for wrong in [json!({}), json!({ "notify": "some" })] {
        let refused = bo.client.patch(&path, &wrong).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], "notify");
    }
}
