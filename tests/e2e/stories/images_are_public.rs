use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    ApiResponse, User, World,
    images::{color_gradient, encode, small_image},
};

async fn upload(ana: &User, path: &str, bytes: &[u8]) -> ApiResponse {
    ana.client.request(Method::POST, path).file("application/octet-stream", bytes).send().await
}

fn text<'a>(image: &'a Value, field: &str) -> &'a str {
    image[field].as_str().unwrap_or_else(|| panic!("no {field} in {image}"))
}

#[tokio::test]
async fn an_uploaded_image_is_public() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let photo = encode(color_gradient(300, 200), ImageFormat::Jpeg);
    let form =
        ana.client.request(Method::POST, "/v1/upload/image").form("file", "heron.jpg", "image/jpeg", &photo);
    let image = form.send().await.ok(201);
    assert_eq!((&image["width"], &image["height"]), (&json!(300), &json!(200)));
    assert_eq!(image["content_type"], "image/jpeg");
    assert_eq!(image["url"], format!("/v1/images/{}", text(&image, "filename")));
    assert_eq!(text(&image, "filename").split_once('.').map(|(_, kind)| kind), Some("jpg"), "{image}");

    // the same picture as the raw body, under every path spelling, is the same image
    for path in ["/v1/upload/image", "/v1/uploads/images", "/api/upload/image", "/api/v1/uploads/images/"] {
        assert_eq!(upload(&ana, path, &photo).await.ok(201), image, "{path}");
    }

    let shown = world.anonymous().get(text(&image, "url")).await;
    shown.ok(200);
    assert_eq!(json!(shown.bytes.len()), image["size"]);
    let picture = image::load_from_memory_with_format(&shown.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (300, 200));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(shown.header(name), Some(value), "{name}");
    }
    let inline = format!("inline; filename=\"{}\"", text(&image, "filename"));
    assert_eq!(shown.header("content-disposition"), Some(inline.as_str()));
    let old = format!("/api/uploads/images/{}", text(&image, "filename"));
    assert_eq!(world.anonymous().get(&old).await.bytes, shown.bytes);

    // a client with a cached copy gets a 304 without a body
    let tag = shown.header("etag").unwrap();
    for known in [tag, "*", &format!("\"other\", W/{tag}")] {
        let ask = world.anonymous().request(Method::GET, text(&image, "url")).header("if-none-match", known);
        let answer = ask.send().await;
        assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(tag));
    }
    let ask =
        world.anonymous().request(Method::GET, text(&image, "url")).header("if-none-match", "\"other\"");
    ask.send().await.ok(200);

    // a slide accepts its URL
    let presentation = ana.create_presentation(0).await;
    let body = json!({ "type": "content", "content": { "image_url": image["url"], "layout": "image-top" } });
    let slide = ana.client.post(&format!("/v1/presentations/{}/slides", presentation.id), &body).await;
    assert_eq!(slide.ok(201)["content"]["image_url"], image["url"]);
}

#[tokio::test]
async fn only_the_owner_deletes_an_image() {
    let world = World::start().await;
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    let mine = upload(&ana, "/v1/upload/image", &small_image()).await.ok(201);
    let hers = upload(&eve, "/v1/upload/image", &small_image()).await.ok(201);
    assert_ne!(mine["id"], hers["id"], "an upload of another account cannot be deleted");

    let path = format!("/v1/uploads/images/{}", text(&mine, "filename"));
    eve.client.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    world.anonymous().delete(&path).await.refused(401, "UNAUTHORIZED");
    world.anonymous().get(text(&mine, "url")).await.ok(200);
    ana.client.delete(&path).await.ok(204);
    world.anonymous().get(text(&mine, "url")).await.refused(404, "RESOURCE_NOT_FOUND");
    ana.client.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    world.anonymous().get(text(&hers, "url")).await.ok(200);

    // an image that is uploaded again has the same name
    assert_eq!(upload(&ana, "/v1/upload/image", &small_image()).await.ok(201), mine);
    world.anonymous().get(text(&mine, "url")).await.ok(200);
    ana.client.delete(text(&mine, "url")).await.ok(204);
}

#[tokio::test]
async fn an_image_has_one_file_name() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let image = upload(&ana, "/v1/upload/image", &small_image()).await.ok(201);
    let name = text(&image, "filename");
    let stem = name.strip_suffix(".png").unwrap();
    for wrong in [
        format!("{stem}.jpg"),
        format!("{stem}.PNG"),
        stem.to_owned(),
        text(&image, "id").to_owned() + ".png",
        format!("{}.png", "0".repeat(32)),
        format!("..%2f{name}"),
        format!("..%5c{name}"),
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd".into(),
        "%00.png".into(),
        "%ff.png".into(),
    ] {
        let answer = world.anonymous().get(&format!("/v1/images/{wrong}")).await;
        answer.refused(404, "RESOURCE_NOT_FOUND");
        let answer = ana.client.delete(&format!("/v1/uploads/images/{wrong}")).await;
        answer.refused(404, "RESOURCE_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_uploads_of_one_image_store_it_once() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let photo = encode(color_gradient(500, 400), ImageFormat::Png);
    let (path, key) = ("/v1/upload/image", "k-1");
    let keyed = |bytes: &[u8]| {
        let ask = ana.client.request(Method::POST, path).header("idempotency-key", key);
        ask.file("image/png", bytes).send()
    };
    let (first, second, third) =
        tokio::join!(upload(&ana, path, &photo), upload(&ana, path, &photo), upload(&ana, path, &photo));
    let image = first.ok(201);
    assert_eq!((second.ok(201), third.ok(201)), (image.clone(), image.clone()));
    world.anonymous().get(text(&image, "url")).await.ok(200);

    assert_eq!(keyed(&photo).await.ok(201), image);
    let again = keyed(&photo).await;
    assert_eq!((again.ok(201), again.header("idempotency-replayed")), (image, Some("true")));
    keyed(&small_image()).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
}
