//! The file of an upload, from the field `file` of a form or from the body.

use std::convert::Infallible;

use axum::{
    body::{Body, to_bytes},
    extract::FromRequest,
};
use bytes::Bytes;
use entry::{App, http::ApiError};
use futures::stream;
use http::{Request, StatusCode, header};
use model::{Error, ErrorCode, image::MAX_IMAGE_BYTES};
use multer::Multipart;

/// The field of the form.
pub(super) const FILE_FIELD: &str = "file";
/// Bytes of a form besides its file, such as boundaries, headers and other fields.
const MAX_FORM_OVERHEAD: usize = 64 * 1024;

/// A file of at least one byte and at most [`MAX_IMAGE_BYTES`]. Its first bytes decide about its format.
///
/// The extractor returns 413 for a larger file, 415 for a body that is neither a form nor a file, 400 for an invalid
/// form and 422 for a form without `file`. API Gateway refuses a body over 6 MB, the limit of Lambda, with its own 413.
pub(super) struct UploadedFile(pub(super) Bytes);

impl FromRequest<App> for UploadedFile {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, _: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().trim();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let file = match essence.as_str() {
            "multipart/form-data" => {
                let boundary = multer::parse_boundary(content_type).map_err(|_| unreadable_form_error())?;
                let body = to_bytes(body, MAX_IMAGE_BYTES + MAX_FORM_OVERHEAD)
                    .await
                    .map_err(|_| too_large_error())?;
                read_form_file(body, boundary).await?
            }
            "application/octet-stream" => {
                to_bytes(body, MAX_IMAGE_BYTES).await.map_err(|_| too_large_error())?
            }
            image if image.starts_with("image/") => {
                to_bytes(body, MAX_IMAGE_BYTES).await.map_err(|_| too_large_error())?
            }
            _ => {
                return Err(unsupported_error(
                    "send multipart/form-data, image/* or application/octet-stream",
                ));
            }
        };
        match file.len() {
            0 => Err(Error::field(FILE_FIELD, "is required").into()),
            1..=MAX_IMAGE_BYTES => Ok(Self(file)),
            _ => Err(too_large_error()),
        }
    }
}

async fn read_form_file(body: Bytes, boundary: String) -> Result<Bytes, ApiError> {
    let body = stream::once(async move { Ok::<_, Infallible>(body) });
    let mut form = Multipart::new(body, boundary);
    while let Some(field) = form.next_field().await.map_err(|_| unreadable_form_error())? {
        if field.name() == Some(FILE_FIELD) {
            return field.bytes().await.map_err(|_| unreadable_form_error());
        }
    }
    Err(Error::field(FILE_FIELD, "is required").into())
}

fn unreadable_form_error() -> ApiError {
    Error::Malformed("the form cannot be read: send valid multipart/form-data".into()).into()
}

fn too_large_error() -> ApiError {
    let why = format!("the image is too large: send at most {} MB", MAX_IMAGE_BYTES / 1024 / 1024);
    ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, why)
}

/// Returns a 415.
pub(super) fn unsupported_error(why: &str) -> ApiError {
    ApiError::Http(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, why.into())
}
