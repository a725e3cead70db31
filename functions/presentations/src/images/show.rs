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

use super::{shelf::ImageCache, upload::ImageFile};

pub(super) const NOT_FOUND: Error = Error::NotFound("image");

/// A name never stands for other bytes.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// Should a browser ever take an image for a page, nothing in it runs or loads. With this, `nosniff` and pixels that we drew
/// ourselves it may be shown inline from the API's origin, as slides need it; otherwise it would be an attachment (RELIABILITY 21).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

macro_rules! shows {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Public: an audience has no account. The name cannot be guessed, and its bytes never change.
        #[utoipa::path(
            get,
            path = $path,
            tag = "images",
            operation_id = $id,
            params(("filename" = String, Path)),
            responses(
                (status = 200, content(
                    (ImageFile = "image/jpeg"),
                    (ImageFile = "image/png"),
                    (ImageFile = "image/gif"),
                    (ImageFile = "image/webp"),
                )),
                (status = 304, description = "`If-None-Match` names it"),
                (status = 404, body = ErrorBody),
            )
        )]
        pub(super) async fn $name(
            State(app): State<App>,
            Extension(shelf): Extension<ImageCache>,
            Path(filename): Path<String>,
            headers: HeaderMap,
        ) -> ApiResult<Response> {
            image_response(&app, &shelf, &filename, &headers).await
        }
    )*};
}

shows! {
    /// An image
    show, "/v1/images/{filename}", "get_image";
    /// An image; the spelling of old clients
    show_old, "/v1/uploads/images/{filename}", "get_image_old";
}

async fn image_response(
    app: &App,
    shelf: &ImageCache,
    filename: &str,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let name: ImageFilename = filename.parse().map_err(|_| NOT_FOUND)?;
    let image = images::get(&app.store, name.id, now).await?;
    let image = image.filter(|image| image.format == name.format).ok_or(NOT_FOUND)?;
    // the id is made of the bytes
    let tag = format!("\"{}\"", name.id);
    let cached = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, CACHE_CONTROL.to_owned())];
    if matches_etag(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let bytes = if let Some(bytes) = shelf.get(name.id) {
        bytes
    } else {
        let bytes = images::read_bytes(&app.store, &image, now).await?.ok_or(NOT_FOUND)?.into();
        shelf.insert(name.id, &bytes);
        bytes
    };
    let shown = [
        (header::CONTENT_TYPE, name.format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\"")),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.to_owned()),
        // the pages that show it come from another origin than the API
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    Ok((cached, shown, bytes).into_response())
}

fn matches_etag(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|tags| tags.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}
