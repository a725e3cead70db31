use reqwest::Method;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::{User, images::small_image};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
    ("delete_image", [401, 404, 404, 401, 204]),
    ("get_image", [200, 200, 200, 200, 200]),
    ("delete_image_old", [401, 404, 404, 401, 204]),
    ("get_image_old", [200, 200, 200, 200, 200]),
    ("upload_image", [401, 201, 201, 401, 201]),
    ("upload_image_old", [401, 201, 201, 401, 201]),
];

/// Uploads an image and returns its file name.
pub(in crate::contracts) async fn upload_image(owner: &User) -> String {
    let image =
        owner.client.request(Method::POST, "/v1/upload/image").file("image/png", &small_image()).send().await;
    image.ok(201)["filename"].as_str().unwrap().to_owned()
}

fn parameter<'s>(scene: &'s RouteScene, _: &str, name: &str) -> Option<&'s str> {
    (name == "filename").then_some(&scene.image)
}

fn body(_: &RouteScene, operation: &str) -> Option<RequestBody> {
    ["upload_image", "upload_image_old"].contains(&operation).then(|| RequestBody::File(small_image()))
}
