use reqwest::Method;

use super::CostTable;
use crate::world::{User, World, images::small_image};

pub(super) async fn measure(world: &World, table: &mut CostTable, ana: &User) {
    let ask = ana.client.request(Method::POST, "/v1/upload/image").file("image/png", &small_image());
    let image = ask.send().await.ok(201);
    table.add_request("upload an image below 1 KB", "/upload/image");
    let url = image["url"].as_str().unwrap();
    world.anonymous().get(url).await.ok(200);
    table.add_request("show an image below 1 KB, the first time on an instance", url);
    world.anonymous().get(url).await.ok(200);
    table.add_request("show an image", url);
    ana.client.delete(url).await.ok(204);
    table.add_request("delete an image below 1 KB", url);
}
