use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{User, World, images::small_image};

const HOUR: Duration = Duration::from_hours(1);

async fn upload(ana: &User) -> String {
    let ask = ana.client.request(Method::POST, "/v1/upload/image").file("image/png", &small_image());
    let image = ask.send().await.ok(201);
    image["url"].as_str().unwrap().to_owned()
}

/// Appends a slide with this content.
async fn create_slide(ana: &User, presentation: &str, content: Value) -> String {
    let body = json!({ "type": "content", "content": content });
    let slide = ana.client.post(&format!("/v1/presentations/{presentation}/slides"), &body).await.ok(201);
    format!("/v1/slides/{}", slide["id"].as_str().unwrap())
}

/// Advances the time by hours while the clock ticks.
async fn advance_hours(world: &World, hours: u32) {
    world.local_cloud().clock().advance(HOUR * hours);
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
}

async fn is_stored(world: &World, url: &str) -> bool {
    match world.anonymous().get(url).await.status {
        200 => true,
        404 => false,
        status => panic!("{status}"),
    }
}

#[tokio::test]
async fn an_unused_image_is_deleted_after_a_day() {
    let Some(world) = World::local_only("a day").await else { return };
    let ana = world.user("ana").await;
    let url = upload(&ana).await;
    advance_hours(&world, 23).await;
    assert!(is_stored(&world, &url).await);
    // a new upload restarts the day
    let ana = ana.log_in(&world).await;
    assert_eq!(upload(&ana).await, url);
    advance_hours(&world, 23).await;
    assert!(is_stored(&world, &url).await);
    advance_hours(&world, 2).await;
    assert!(!is_stored(&world, &url).await);
}

#[tokio::test]
async fn an_image_on_a_slide_is_not_deleted() {
    let Some(world) = World::local_only("weeks").await else { return };
    let ana = world.user("ana").await;
    let (url, presentation) = (upload(&ana).await, ana.create_presentation(1).await.id);
    let first = create_slide(&ana, &presentation, json!({ "image_url": url })).await;
    advance_hours(&world, 25).await;
    assert!(is_stored(&world, &url).await);
    let ana = ana.log_in(&world).await;
    // a use by the whole URL, and one in a text
    let text = json!({ "text": format!("![a heron](https://example.com{url})") });
    let second = create_slide(&ana, &presentation, text).await;
    ana.client.delete(&first).await.ok(204);
    advance_hours(&world, 8 * 24).await;
    assert!(is_stored(&world, &url).await);

    // a week later the image is detected as unused, and the presenter has a day to restore the slide
    let ana = ana.log_in(&world).await;
    ana.client.delete(&second).await.ok(204);
    advance_hours(&world, 8 * 24).await;
    assert!(is_stored(&world, &url).await);
    advance_hours(&world, 25).await;
    assert!(!is_stored(&world, &url).await);
}
