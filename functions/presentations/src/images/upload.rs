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

use super::{picture, posted::UploadedFile};

/// Until plans say how much an account may keep: a deck of pictures an hour, and no disk for everyone.
const UPLOAD_RATE_LIMIT: RateLimit =
    RateLimit { name: "image", max_attempts: 120, window: Duration::from_hours(1) };

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documentation: the form is read as it comes")]
pub(super) struct ImageForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The bytes of an image.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documentation: no JSON")]
pub(super) struct ImageFile(Vec<u8>);

/// An image that is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub(super) struct ImageView {
    id: ImageId,
    #[schema(example = "018f3c2a9d7e5b4c8a6f1e2d3c4b5a69.jpg")]
    filename: String,
    /// Relative to the API, so that it stays right when the API moves; a slide's `image_url` takes it as it is.
    #[schema(example = "/v1/images/018f3c2a9d7e5b4c8a6f1e2d3c4b5a69.jpg")]
    url: String,
    width: u32,
    height: u32,
    /// Bytes.
    size: usize,
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

macro_rules! uploads {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// JPEG, PNG, GIF or WebP, by its content: as the field `file` of a form, or as the body itself. 4 MB at most. It is
        /// decoded and drawn anew: upright, in sRGB, without metadata, its longer side 1920 pixels at most. GIFs keep
        /// their animation. A picture that would be too large in its format becomes a JPEG, so `content_type` may be another
        /// one than it came with.
        ///
        /// The same picture again is the same image. One that no slide of its owner shows for a day is deleted.
        #[utoipa::path(
            post,
            path = $path,
            tag = "images",
            operation_id = $id,
            request_body(content(
                (ImageForm = "multipart/form-data"),
                (ImageFile = "application/octet-stream"),
                (ImageFile = "image/*"),
            )),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 201, body = ImageView),
                (status = 400, description = "A form that cannot be read", body = ErrorBody),
                (status = 401, body = ErrorBody),
                (status = 413, description = "More than 4 MB", body = ErrorBody),
                (status = 415, description = "Not JPEG, PNG, GIF or WebP", body = ErrorBody),
                (status = 422, description = "No `file`, or one that is damaged or has too many pixels", body = ErrorBody),
                (status = 429, body = ErrorBody),
            )
        )]
        pub(super) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            file: UploadedFile,
        ) -> ApiResult<(StatusCode, Json<ImageView>)> {
            let image = store_image(&app, account, file).await?;
            Ok((StatusCode::CREATED, Json(image.into())))
        }
    )*};
}

uploads! {
    /// Upload an image
    upload, "/v1/upload/image", "upload_image";
    /// Upload an image; the spelling of old clients
    upload_old, "/v1/uploads/images", "upload_image_old";
}

async fn store_image(
    app: &App,
    account: AccountCaller,
    UploadedFile(file): UploadedFile,
) -> ApiResult<StoredImage> {
    let owner = account.user;
    enforce_rate_limits(app, &[(UPLOAD_RATE_LIMIT, &owner.to_string())]).await?;
    let picture = picture::normalize(file).await?;
    let sha256: [u8; 32] = Sha256::digest(&picture.bytes).into();
    let new = NewImage {
        owner,
        id: ImageId::derive(owner, &sha256),
        format: picture.format,
        width: picture.width,
        height: picture.height,
        upload: app.clock.new_id(),
    };
    Ok(images::put(&app.store, new, &picture.bytes, app.clock.now()).await?)
}
