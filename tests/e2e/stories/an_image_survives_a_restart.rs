use std::collections::HashSet;

use futures::future::join_all;
use local::{DataLocation, LocalOptions};
use reqwest::Method;

use crate::world::{
    World,
    images::{encode, noise},
};

#[tokio::test]
async fn an_image_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        || LocalOptions { data: DataLocation::Dir(folder.path().join("data")), ..LocalOptions::default() };
    let Some(world) = World::local_only_with("a restart", options()).await else { return };
    let ana = world.user("ana").await;
    // several chunks
    let photo = encode(noise(800, 600), image::ImageFormat::Png);
    let image =
        ana.client.request(Method::POST, "/v1/upload/image").file("image/png", &photo).send().await.ok(201);
    let url = image["url"].as_str().unwrap().to_owned();
    let before = world.anonymous().get(&url).await;
    before.ok(200);
    world.stop().await;

    let Some(world) = World::local_only_with("a restart", options()).await else { return };
    let after = world.anonymous().get(&url).await;
    after.ok(200);
    assert_eq!(after.bytes, before.bytes);
    let drawn = image::load_from_memory(&after.bytes).unwrap().to_rgb8();
    assert_eq!(drawn, noise(800, 600), "a small lossless picture stays lossless");
}

/// The table throttles, and its transactions conflict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_survives_chaos() {
    let options = LocalOptions { chaos: Some(20_261_121), ..LocalOptions::default() };
    let Some(world) = World::local_only_with("a bad day", options).await else { return };
    let ana = world.user("ana").await;
    // the rate of chaos is too low for six conflicts in a row, after which a function gives up
    world.local_cloud().emulator().conflict_next_transactions(6);
    let ask = ana.client.request(Method::POST, "/v1/upload/image");
    let photo = encode(noise(400, 300), image::ImageFormat::Png);
    ask.file("image/png", &photo).send().await.refused(503, "SERVICE_UNAVAILABLE");
    let uploads = (0..12_u32).map(|number| {
        let photo = encode(noise(400 + number % 6, 300), image::ImageFormat::Png);
        let client = ana.client.clone();
        async move {
            loop {
                let ask = client.request(Method::POST, "/v1/upload/image").file("image/png", &photo);
                let answer = ask.send().await;
                if answer.status != 503 {
                    return answer.ok(201)["url"].as_str().unwrap().to_owned();
                }
            }
        }
    });
    let urls = join_all(uploads).await;
    assert_eq!(urls.iter().collect::<HashSet<_>>().len(), 6, "six pictures, each twice at once");
    for (number, url) in (0..6).zip(&urls) {
        let shown = loop {
            let shown = world.anonymous().get(url).await;
            if shown.status != 503 {
                break shown;
            }
        };
        shown.ok(200);
        assert_eq!(image::load_from_memory(&shown.bytes).unwrap().to_rgb8(), noise(400 + number, 300));
    }
    assert!(world.local_cloud().fault_count("table.throttle") > 0, "no request to the table was throttled");
}
