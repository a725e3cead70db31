use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_flood_is_refused_without_affecting_others() {
    let Some(world) = World::with_quotas("a flood").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let channel = ana.create_channel_with(&[&bo]).await;
    let (mut at_ana, _) = ana.connect_with_state().await;
    let (mut at_bo, _) = bo.connect_with_state().await;

    let asked = json!({ "channel_id": channel });
    for _ in 0..400 {
        at_bo.send("get_online_users", asked.clone()).await;
    }
    let refused = at_bo.wait_for("error").await;
    assert_eq!((&refused["code"], &refused["fatal"]), (&json!("rate_limited"), &json!(false)));
    assert!(refused["retry_after"].as_u64() >= Some(1), "{refused}");

    // meanwhile another member's connection and his own other device get their responses
    at_ana
        .request("get_online_users", asked.clone(), "online_users")
        .await
        .expect("other members are not affected");
    let (mut phone, _) = bo.log_in(&world).await.connect_with_state().await;
    phone
        .request("get_online_users", asked.clone(), "online_users")
        .await
        .expect("his other devices are not affected");
    ana.client.get("/v1/channels/my").await.ok(200);

    // the rate limit decides how many frames are answered; not every frame of a flood gets an error
    world.wait_for_jobs().await;
    at_bo.receive_until_pong().await;
    let (answered, errors) = (at_bo.count("online_users"), at_bo.count("error"));
    assert!((100..160).contains(&answered), "{answered} answers to 400 frames");
    assert!(errors < 60, "{errors} refusals of 400 frames");
    // the connection recovers
    let mut tries = 0;
    while at_bo.request("get_online_users", asked.clone(), "online_users").await.is_err() {
        tries += 1;
        assert!(tries < 20, "the flood is over");
        world.expire_caches().await;
    }
}
