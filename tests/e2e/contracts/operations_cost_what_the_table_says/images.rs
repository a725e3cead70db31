use reqwest::Method;

use super::CostTable;
use crate::world::{User, World, pictures::picture};

pub(super) async fn measure(world: &World, table: &mut CostTable, ana: &User) {
    let ask = ana.client.ask(Method::POST, "/v1/upload/image").file("image/png", &picture());
    let image = ask.send().await.ok(201);
    table.answered("upload an image below 1 KB", "/upload/image");
    let url = image["url"].as_str().unwrap();
    world.nobody().get(url).await.ok(200);
    table.answered("show an image below 1 KB, the first that an instance shows of it", url);
    world.nobody().get(url).await.ok(200);
    table.answered("show an image", url);
    ana.client.delete(url).await.ok(204);
    table.answered("delete an image below 1 KB", url);
}
