use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::World;

fn sequence_numbers(page: &Value) -> Vec<u64> {
    page["items"].as_array().expect("items").iter().map(|item| item["seq"].as_u64().unwrap()).collect()
}

/// Reads page by page while other members write. Each message from before the first page is seen once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_paged_without_gaps() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    bo.join_channel(&channel).await;
    let path = format!("/api/v1/messages/channel/{}", channel.id);
    let empty = ana.client.get(&path).await.ok(200);
    assert_eq!(
        empty,
        json!({ "items": [], "next": null, "next_cursor": null, "has_more": false, "seq": 0, "change": 0 })
    );
    // two people send concurrently, and each message gets a number of its own
    let texts: Vec<String> = (0..12).map(|number| format!("message {number}")).collect();
    let sent = texts.iter().map(|text| {
        let who = if text.ends_with('1') { &bo } else { &ana };
        who.send_message(&channel, text)
    });
    join_all(sent).await;

    let mut seen = Vec::new();
    let mut page = ana.client.get(&format!("{path}/?limit=5")).await.ok(200);
    assert_eq!(
        (sequence_numbers(&page), &page["seq"]),
        (vec![8, 9, 10, 11, 12], &json!(12)),
        "oldest to newest"
    );
    loop {
        seen.splice(0..0, sequence_numbers(&page));
        assert_eq!(
            (&page["has_more"], &page["next_cursor"]),
            (&json!(page["next"].is_string()), &page["next"])
        );
        let Some(next) = page["next"].as_str() else { break };
        bo.send_message(&channel, "one more").await;
        page = ana.client.get(&format!("{path}?limit=5&before={next}")).await.ok(200);
    }
    assert_eq!(seen, (1..=12).collect::<Vec<u64>>());

    // forward, by number or id
    let mut seen = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let page = bo.client.get(&format!("{path}?limit=6&after={after}")).await.ok(200);
        seen.extend(sequence_numbers(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(seen, (1..=14).collect::<Vec<u64>>());
    let newest = bo.client.get(&format!("{path}?after=14")).await.ok(200);
    assert_eq!((sequence_numbers(&newest), &newest["has_more"]), (vec![], &json!(false)));

    // old clients use offsets from the newest message
    let page = ana.client.get(&format!("{path}?limit=4&offset=4")).await.ok(200);
    assert_eq!(sequence_numbers(&page), [7, 8, 9, 10]);
    let page = ana.client.get(&format!("{path}?limit=4&offset=12")).await.ok(200);
    assert_eq!((sequence_numbers(&page), &page["next"]), (vec![1, 2], &json!(null)));
    assert_eq!(sequence_numbers(&ana.client.get(&format!("{path}?offset=14")).await.ok(200)), [0; 0]);

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("before=x", "before"),
        ("after=00000000000000000000000000000001-1", "after"),
        ("before=3&offset=1", "before"),
        ("offset=-1", "query"),
    ] {
        let refused = ana.client.get(&format!("{path}?{query}")).await.refused(422, "VALIDATION_ERROR");
        assert_eq!(refused["fields"][0]["field"], field, "{query}");
    }
}

/// A deleted message keeps its number, and a member who joins late reads the earlier messages.
#[tokio::test]
async fn a_deleted_message_leaves_a_tombstone() {
    let world = World::start().await;
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_public_channel().await;
    let first = ana.send_message(&channel, "the first").await;
    let body = json!({ "channel_id": channel.id, "content": "yes", "reply_to_id": first["id"] });
    let reply = ana.client.post("/v1/messages", &body).await.ok(201);
    assert_eq!(reply["reply_to_id"], first["id"]);
    assert_eq!(
        reply["reply_preview"],
        json!({
            "user_id": ana.id, "username": ana.username, "content": "the first", "is_deleted": false, "version": 1,
        })
    );
    let path = format!("/v1/messages/{}", first["id"].as_str().unwrap());
    ana.client.delete(&path).await.ok(200);
    ana.client.post("/v1/messages", &body).await.refused(422, "VALIDATION_ERROR");

    let list = format!("/v1/messages/channel/{}", channel.id);
    bo.client.get(&list).await.refused(404, "RESOURCE_NOT_FOUND");
    bo.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    bo.join_channel(&channel).await;
    let page = bo.client.get(&list).await.ok(200);
    assert_eq!((sequence_numbers(&page), &page["seq"], &page["change"]), (vec![1, 2], &json!(2), &json!(1)));
    let gone = &page["items"][0];
    assert_eq!((&gone["content"], gone["deleted_at"].is_string()), (&json!(""), true), "{gone}");
    assert_eq!(*gone, bo.client.get(&path).await.ok(200));
    bo.client.delete(&format!("/v1/channels/{}/leave", channel.id)).await.ok(200);
    bo.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// Reads a history at a constant cost, regardless of the number of messages. The messages are one query, beside the
/// reads of the log-in, the membership and the last change.
#[tokio::test]
async fn fifty_messages_cost_one_query() {
    let Some(world) = World::local_only("what a history costs").await else { return };
    let ana = world.teammate("ana").await;
    let channel = ana.create_public_channel().await;
    for number in 0..30 {
        ana.send_message(&channel, &format!("message {number}")).await;
        if number == 19 {
            world.local_cloud().clock().advance(std::time::Duration::from_secs(11));
        }
    }
    let path = format!("/v1/messages/channel/{}", channel.id);
    let requests = async |limit: usize| {
        let answer = ana.client.get(&format!("{path}?limit={limit}")).await;
        assert_eq!(sequence_numbers(&answer.ok(200)).len(), limit);
        let cost = answer.header("x-colloquy-cost").expect("a local cloud sends the cost of a response");
        let requests = cost.split("; ").find_map(|part| part.strip_prefix("requests="));
        requests.and_then(|count| count.parse::<u32>().ok()).expect("a number of requests")
    };
    assert_eq!((requests(1).await, requests(30).await), (4, 4), "log-in, membership, last change, messages");
}
