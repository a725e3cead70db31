use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use entry::{
    App,
    http::{ApiResult, ErrorBody},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use model::{Error, image::ImageFilename};
use store::presentations::images;

use super::{image_cache::ImageCache, upload::ImageFile};

pub(super) const NOT_FOUND: Error = Error::NotFound("image");

/// The bytes behind a file name never change.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// If a browser ever takes an image for a page, this policy prevents that anything in it runs or loads. Slides need
/// images inline from the API's origin. This policy, `nosniff` and re-encoded pixels make that safe. Without them, the
/// image would have to be an attachment (RELIABILITY 21).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// Get an image
///
/// Returns the bytes of an image. The operation is public, because an audience has no account. File names cannot be
/// guessed, and the bytes behind a name never change.
#[utoipa::path(
    get,
    path = "/v1/images/{filename}",
    tag = "images",
    operation_id = "get_image",
    params(("filename" = String, Path)),
    responses(
        (status = 200, description = "The image.", content(
            (ImageFile = "image/jpeg"),
            (ImageFile = "image/png"),
            (ImageFile = "image/gif"),
            (ImageFile = "image/webp"),
        )),
        (status = 304, description = "`If-None-Match` contains the image's `ETag`."),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn get_image(
    State(app): State<App>,
    Extension(cache): Extension<ImageCache>,
    Path(filename): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    image_response(&app, &cache, &filename, &headers).await
}

/// Get an image (old path)
///
/// Does the same as `GET /v1/images/{filename}`. Clients of the originals use this path.
#[utoipa::path(
    get,
    path = "/v1/uploads/images/{filename}",
    tag = "images",
    operation_id = "get_image_old",
    params(("filename" = String, Path)),
    responses(
        (status = 200, description = "The image.", content(
            (ImageFile = "image/jpeg"),
            (ImageFile = "image/png"),
            (ImageFile = "image/gif"),
            (ImageFile = "image/webp"),
        )),
        (status = 304, description = "`If-None-Match` contains the image's `ETag`."),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn get_image_old(
    State(app): State<App>,
    Extension(cache): Extension<ImageCache>,
    Path(filename): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    image_response(&app, &cache, &filename, &headers).await
}

async fn image_response(
    app: &App,
    cache: &ImageCache,
    filename: &str,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let name: ImageFilename = filename.parse().map_err(|_| NOT_FOUND)?;
    let image = images::get(&app.store, name.id, now).await?;
    let image = image.filter(|image| image.format == name.format).ok_or(NOT_FOUND)?;
    // The id is derived from the bytes, so it is an entity tag.
    let etag = format!("\"{}\"", name.id);
    let cache_headers = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, CACHE_CONTROL.to_owned())];
    if matches_etag(headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, cache_headers).into_response());
    }
    let bytes = if let Some(bytes) = cache.get(name.id) {
        bytes
    } else {
        let bytes = images::read_bytes(&app.store, &image, now).await?.ok_or(NOT_FOUND)?.into();
        cache.insert(name.id, &bytes);
        bytes
    };
    let content_headers = [
        (header::CONTENT_TYPE, name.format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.to_owned()),
        // The pages that show the image have another origin than the API.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    Ok((cache_headers, content_headers, bytes).into_response())
}

fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|etags| etags.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == etag || candidate == "*")
}
