use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn drafts_are_shared_between_devices() {
    let world = World::start().await;
    let (ana, eve) = (world.teammate("ana").await, world.teammate("eve").await);
    let channel = ana.create_channel(true).await;
    let id = channel["id"].as_str().expect("an id");
    let path = format!("/v1/channels/{id}/draft");
    let mut phone = ana.log_in(&world).await.connect_to_team_unread().await;
    phone.receive_until_pong().await;

    ana.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    // half a sentence, with formatting that messages refuse
    let half = json!({ "content": "The nest is **emp" });
    let kept = ana.client.put(&path, &half).await.ok(200);
    assert_eq!((&kept["content"], &kept["reply_to_id"]), (&half["content"], &Value::Null));
    assert_eq!(phone.wait_for("draft_updated").await, kept);
    assert_eq!(ana.client.get(&path).await.ok(200), kept);
    let sent =
        ana.client.post("/v1/messages", &json!({ "channel_id": id, "content": "Hello" })).await.ok(201);
    let answer = json!({ "content": "The nest", "reply_to_id": sent["id"] });
    let kept = ana.client.put(&path, &answer).await.ok(200);
    assert_eq!(kept["reply_to_id"], sent["id"]);
    let all = ana.client.get("/v1/channels/drafts").await.ok(200);
    assert_eq!(all, json!({ "items": [kept], "next": null }));

    // refused: drafts of other members, drafts of other channels, drafts that are too long
    eve.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    eve.client.put(&path, &half).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(eve.client.get("/v1/channels/drafts").await.ok(200)["items"], json!([]));
    let elsewhere = json!({ "content": "x", "reply_to_id": format!("{}-1", "0".repeat(32)) });
    for (name, wrong) in [
        ("a reply to another channel", elsewhere),
        ("a long text", json!({ "content": "x".repeat(2_001) })),
        ("no text", json!({})),
    ] {
        ana.client.put(&path, &wrong).await.in_row(name).refused(422, "VALIDATION_ERROR");
    }

    let cleared = ana.client.put(&path, &json!({ "content": "" })).await.ok(200);
    assert_eq!(phone.wait_for_where("draft_updated", |draft| draft["content"] == "").await, cleared);
    ana.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(ana.client.get("/v1/channels/drafts").await.ok(200)["items"], json!([]));
}
