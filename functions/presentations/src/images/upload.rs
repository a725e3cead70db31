use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, enforce_rate_limits},
};
use http::StatusCode;
use model::{
    ImageId,
    image::{ImageFilename, ImageFormat},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{
    RateLimit,
    presentations::images::{self, NewImage, StoredImage},
};
use utoipa::ToSchema;

use super::{normalize::normalize_image, uploaded_file::UploadedFile};

/// Plans do not limit stored images yet. This limit permits a deck of pictures an hour and prevents free file hosting.
const UPLOAD_RATE_LIMIT: RateLimit =
    RateLimit { name: "image", max_attempts: 120, window: Duration::from_hours(1) };

/// The form of an upload.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only describes the form: `UploadedFile` reads it from the request")]
pub(super) struct ImageForm {
    /// The bytes of a JPEG, PNG, GIF or WebP file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The bytes of an image.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only describes the body: images are not JSON")]
pub(super) struct ImageFile(Vec<u8>);

/// A stored image.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub(super) struct ImageView {
    id: ImageId,
    #[schema(example = "018f3c2a9d7e5b4c8a6f1e2d3c4b5a69.jpg")]
    filename: String,
    /// The path of the image, for the `image_url` of a slide. It is relative to the API, so it stays valid if the API
    /// moves.
    #[schema(example = "/v1/images/018f3c2a9d7e5b4c8a6f1e2d3c4b5a69.jpg")]
    url: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Bytes.
    size: usize,
    /// The type of the stored image, which can differ from the uploaded one.
    #[schema(example = "image/jpeg")]
    content_type: &'static str,
}

impl From<StoredImage> for ImageView {
    fn from(StoredImage { id, format, width, height, size, .. }: StoredImage) -> Self {
        let filename = ImageFilename { id, format }.to_string();
        let url = format!("/v1/images/{filename}");
        Self { id, url, filename, width, height, size, content_type: ImageFormat::content_type(format) }
    }
}

/// Upload an image
///
/// Accepts a JPEG, PNG, GIF or WebP file of at most 4 MB, as the field `file` of a form or as the body. The file's
/// first bytes decide about its format, not its name or its content type.
///
/// The image is decoded and encoded again: upright, in sRGB, without metadata, with at most 1920 pixels on its longer
/// side. A GIF keeps its animation. An image that would be too large in its format becomes a JPEG, so `content_type`
/// can differ from the uploaded type.
///
/// If the same account uploads the same picture again, it gets the same image. An image that no slide of its owner
/// shows is deleted after a day.
#[utoipa::path(
    post,
    path = "/v1/upload/image",
    tag = "images",
    operation_id = "upload_image",
    request_body(content(
        (ImageForm = "multipart/form-data"),
        (ImageFile = "application/octet-stream"),
        (ImageFile = "image/*"),
    )),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The stored image.", body = ImageView),
        (status = 400, description = "The form cannot be read.", body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 413, description = "The image has more than 4 MB.", body = ErrorBody),
        (status = 415, description = "The image is not a JPEG, PNG, GIF or WebP file.", body = ErrorBody),
        (status = 422, description = "`file` is missing, is damaged or has too many pixels.", body = ErrorBody),
        (status = 429, description = "The account has uploaded 120 images within an hour.", body = ErrorBody),
    )
)]
pub(super) async fn upload_image(
    State(app): State<App>,
    account: AccountCaller,
    file: UploadedFile,
) -> ApiResult<(StatusCode, Json<ImageView>)> {
    let image = store_image(&app, account, file).await?;
    Ok((StatusCode::CREATED, Json(image.into())))
}

/// Upload an image (old path)
///
/// Does the same as `POST /v1/upload/image`. Clients of the originals use this path.
#[utoipa::path(
    post,
    path = "/v1/uploads/images",
    tag = "images",
    operation_id = "upload_image_old",
    request_body(content(
        (ImageForm = "multipart/form-data"),
        (ImageFile = "application/octet-stream"),
        (ImageFile = "image/*"),
    )),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, description = "The stored image.", body = ImageView),
        (status = 400, description = "The form cannot be read.", body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 413, description = "The image has more than 4 MB.", body = ErrorBody),
        (status = 415, description = "The image is not a JPEG, PNG, GIF or WebP file.", body = ErrorBody),
        (status = 422, description = "`file` is missing, is damaged or has too many pixels.", body = ErrorBody),
        (status = 429, description = "The account has uploaded 120 images within an hour.", body = ErrorBody),
    )
)]
pub(super) async fn upload_image_old(
    State(app): State<App>,
    account: AccountCaller,
    file: UploadedFile,
) -> ApiResult<(StatusCode, Json<ImageView>)> {
    let image = store_image(&app, account, file).await?;
    Ok((StatusCode::CREATED, Json(image.into())))
}

async fn store_image(
    app: &App,
    account: AccountCaller,
    UploadedFile(file): UploadedFile,
) -> ApiResult<StoredImage> {
    let owner = account.user;
    enforce_rate_limits(app, &[(UPLOAD_RATE_LIMIT, &owner.to_string())]).await?;
    let image = normalize_image(file).await?;
    let sha256: [u8; 32] = Sha256::digest(&image.bytes).into();
    let new = NewImage {
        owner,
        id: ImageId::derive(owner, &sha256),
        format: image.format,
        width: image.width,
        height: image.height,
        upload: app.clock.new_id(),
    };
    Ok(images::put(&app.store, new, &image.bytes, app.clock.now()).await?)
}
