use std::time::Duration;

use image::{DynamicImage, GenericImageView, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    ApiResponse, User, World,
    images::{animation, color_gradient, encode, noise, small_image, transparent_image},
};

const PAGE: &[u8] = b"<html><script>alert('heron')</script></html>";

async fn upload(ana: &User, bytes: &[u8]) -> ApiResponse {
    ana.client.request(Method::POST, "/v1/upload/image").file("application/octet-stream", bytes).send().await
}

/// Uploads an image, and returns the stored file.
async fn stored_image(world: &World, ana: &User, bytes: &[u8]) -> (Value, Vec<u8>) {
    let image = upload(ana, bytes).await.ok(201);
    let shown = world.anonymous().get(image["url"].as_str().unwrap()).await;
    shown.ok(200);
    assert_eq!(shown.header("content-type"), image["content_type"].as_str());
    assert_eq!(json!(shown.bytes.len()), image["size"]);
    assert!(shown.bytes.len() <= 4 * 1024 * 1024);
    (image, shown.bytes)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// An upload, with the type and size in which the product stores it.
struct ImageUpload {
    name: &'static str,
    bytes: Vec<u8>,
    content_type: &'static str,
    size: (u32, u32),
}

#[tokio::test]
async fn large_images_are_scaled_and_keep_their_format() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let encoded = |name: &'static str, picture: DynamicImage, format: ImageFormat, size: (u32, u32)| {
        ImageUpload { name, bytes: encode(picture, format), content_type: format.to_mime_type(), size }
    };
    let (wide, tall) = (color_gradient(3000, 1000).into(), color_gradient(1000, 9000).into());
    let gray = image::GrayImage::new(30, 20).into();
    let transparent = || transparent_image(64, 48).into();
    for ImageUpload { name, bytes, content_type, size } in [
        encoded("a wide PNG", wide, ImageFormat::Png, (1920, 640)),
        encoded("a tall JPEG", tall, ImageFormat::Jpeg, (213, 1920)),
        encoded("a small PNG", transparent(), ImageFormat::Png, (64, 48)),
        encoded("a small WebP", transparent(), ImageFormat::WebP, (64, 48)),
        encoded("a gray JPEG", gray, ImageFormat::Jpeg, (30, 20)),
        ImageUpload { name: "a GIF", bytes: animation(32, 1), content_type: "image/gif", size: (32, 32) },
    ] {
        let (image, stored) = stored_image(&world, &ana, &bytes).await;
        let (width, height) = size;
        assert_eq!(image["content_type"], content_type, "{name}");
        assert_eq!((&image["width"], &image["height"]), (&json!(width), &json!(height)), "{name}");
        assert_eq!(image::load_from_memory(&stored).unwrap().dimensions(), size, "{name}");
    }
    // transparent pixels stay transparent
    let (_, stored) = stored_image(&world, &ana, &encode(transparent_image(64, 48), ImageFormat::Png)).await;
    assert_eq!(image::load_from_memory(&stored).unwrap().to_rgba8(), transparent_image(64, 48));
    // an image that is too large in lossless form is stored lossily, in three or more chunks
    let (image, _) = stored_image(&world, &ana, &encode(noise(1150, 1150), ImageFormat::Png)).await;
    assert!(["image/png", "image/jpeg"].contains(&image["content_type"].as_str().unwrap()), "{image}");
}

#[tokio::test]
async fn animations_stay_animated() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let (image, stored) = stored_image(&world, &ana, &animation(60, 5)).await;
    assert_eq!(image["content_type"], "image/gif");
    let mut decoder = gif::Decoder::new(stored.as_slice()).unwrap();
    let mut delays = Vec::new();
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        delays.push(frame.delay);
    }
    assert_eq!((delays, decoder.repeat()), (vec![7; 5], gif::Repeat::Infinite));
    // an image above the stored size is refused if it is animated, and scaled if it is not
    upload(&ana, &animation(2000, 2)).await.refused(422, "VALIDATION_ERROR");
    let (still, _) = stored_image(&world, &ana, &animation(2000, 1)).await;
    assert_eq!((&still["width"], &still["content_type"]), (&json!(1920), &json!("image/png")));
}

/// Builds a photo of a phone that was held upright. The pixels are rotated, and EXIF states the orientation.
#[tokio::test]
async fn images_are_rotated_upright_and_lose_their_metadata() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let mut photo = encode(color_gradient(80, 40), ImageFormat::Jpeg);
    // big-endian TIFF, one entry: orientation (0x0112), short, one, 6 (turn right)
    let exif =
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0N 44.4268 E 26.1025";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    photo.splice(2..2, [&[0xff, 0xe1], &length[..], exif].concat());
    let (image, stored) = stored_image(&world, &ana, &photo).await;
    assert_eq!((&image["width"], &image["height"]), (&json!(40), &json!(80)));
    assert!(!contains(&stored, b"Exif") && !contains(&stored, b"44.4268"));
}

#[tokio::test]
async fn images_contain_only_pixels() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let behind = [small_image(), PAGE.to_vec()].concat();
    // a GIF that is a script too, `GIF89a/*…*/=1;…`, with a comment in it
    let mut comment = animation(20, 2);
    let at = 13 + 4 * 3;
    let block = [&[0x21, 0xfe, u8::try_from(PAGE.len()).unwrap()], PAGE, &[0]].concat();
    comment.splice(at..at, block);
    // a PNG with the page in a text chunk
    let mut chunk = small_image();
    let text = [b"tEXtComment\0", PAGE].concat();
    let mut sum = crc(&text).to_be_bytes().to_vec();
    let length = u32::try_from(text.len() - 4).unwrap().to_be_bytes();
    let mut whole = [&length[..], &text].concat();
    whole.append(&mut sum);
    chunk.splice(33..33, whole);
    for (name, polyglot) in [
        ("a page behind a PNG", behind),
        ("a page behind a GIF", [animation(20, 2), PAGE.to_vec()].concat()),
        ("a page in a comment", comment),
        ("a page in a text chunk", chunk),
    ] {
        assert!(contains(&polyglot, PAGE), "{name}: the upload contains the page");
        let (_, stored) = stored_image(&world, &ana, &polyglot).await;
        assert!(!contains(&stored, b"script") && !contains(&stored, b"heron"), "{name}");
    }
}

/// Returns the checksum of a PNG chunk.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| {
                if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 }
            },
        )
    })
}

#[tokio::test]
async fn files_that_are_no_images_are_refused() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let form = |field: &str, bytes: &[u8]| {
        let ask = ana.client.request(Method::POST, "/v1/upload/image");
        ask.form(field, "heron.png", "image/png", bytes).send()
    };
    let tiff = [b"II*\0".as_slice(), &[8, 0, 0, 0]].concat();
    for (name, file) in [
        ("a page", PAGE),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a PDF", b"%PDF-1.7"),
        ("a TIFF", &tiff),
        ("one byte", b"x"),
    ] {
        for (way, answer) in
            [("as the body", upload(&ana, file).await), ("in a form", form("file", file).await)]
        {
            answer.in_row(&format!("{name} {way}")).refused(415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    let json = ana.client.post("/v1/upload/image", &json!({ "file": "heron.png" })).await;
    json.refused(415, "UNSUPPORTED_MEDIA_TYPE");

    let named = |answer: ApiResponse| {
        assert_eq!(answer.refused(422, "VALIDATION_ERROR")["fields"][0]["field"], "file");
    };
    named(upload(&ana, b"").await);
    named(form("file", b"").await);
    named(form("picture", &small_image()).await);
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let whole = encode(noise(200, 200), format);
        named(upload(&ana, &whole[..whole.len() / 2]).await);
    }
    named(upload(&ana, &animation(40, 3)[..60]).await);
    named(upload(&ana, b"GIF89a").await);
    named(upload(&ana, b"\xff\xd8\xff\xe0").await);

    // a header of 50,000 by 50,000 pixels is refused before any memory is allocated for it
    let mut huge = small_image();
    huge.splice(16..24, [50_000_u32.to_be_bytes(), 50_000_u32.to_be_bytes()].concat());
    let sum = crc(&huge[12..29]).to_be_bytes();
    huge.splice(29..33, sum);
    named(upload(&ana, &huge).await);

    let broken = ana.client.request(Method::POST, "/v1/upload/image");
    let broken = broken.file("multipart/form-data; boundary=herons", b"--herons\r\nno form").send().await;
    broken.refused(400, "MALFORMED_REQUEST");
    let unbound =
        ana.client.request(Method::POST, "/v1/upload/image").file("multipart/form-data", &small_image());
    unbound.send().await.refused(400, "MALFORMED_REQUEST");

    let large = vec![0; 4 * 1024 * 1024 + 1];
    upload(&ana, &large).await.refused(413, "PAYLOAD_TOO_LARGE");
    form("file", &large).await.refused(413, "PAYLOAD_TOO_LARGE");
    // the gateway refuses bodies that are too large for a Lambda function
    assert_eq!(upload(&ana, &vec![0; 6 * 1024 * 1024]).await.status, 413);
}

#[tokio::test]
async fn uploads_are_rate_limited() {
    let Some(world) = World::local_only("a window of an hour").await else { return };
    let (ana, eve) = (world.user("ana").await, world.user("eve").await);
    world.begin_window(Duration::from_hours(1));
    let ana = ana.log_in(&world).await;
    for _ in 0..120 {
        upload(&ana, PAGE).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let refused = upload(&ana, &small_image()).await;
    refused.refused(429, "RATE_LIMITED");
    assert!(refused.header("retry-after").is_some());
    upload(&eve.log_in(&world).await, &small_image()).await.ok(201);
}
