use local::{Data, LocalOptions};
use reqwest::Method;

use crate::world::{
    World,
    pictures::{file, noise},
};

#[tokio::test]
async fn an_image_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = || LocalOptions { data: Data::Dir(folder.path().join("data")), ..LocalOptions::default() };
    let Some(world) = World::local_with("a restart", options()).await else { return };
    let ana = world.user("ana").await;
    // several chunks
    let photo = file(noise(800, 600), image::ImageFormat::Png);
    let image =
        ana.client.ask(Method::POST, "/v1/upload/image").file("image/png", &photo).send().await.ok(201);
    let url = image["url"].as_str().unwrap().to_owned();
    let before = world.nobody().get(&url).await;
    before.ok(200);
    world.stop().await;

    let Some(world) = World::local_with("a restart", options()).await else { return };
    let after = world.nobody().get(&url).await;
    after.ok(200);
    assert_eq!(after.bytes, before.bytes);
    let drawn = image::load_from_memory(&after.bytes).unwrap().to_rgb8();
    assert_eq!(drawn, noise(800, 600), "a small picture without losses is kept without losses");
}
