use axum::extract::{Path, State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use http::StatusCode;
use model::image::ImageFilename;
use store::presentations::images;

use super::get::NOT_FOUND;

/// Delete an image
///
/// Only the owner can delete an image. A slide that still refers to the image shows none afterwards. Browsers and
/// caches that have fetched the image may keep it for a year.
#[utoipa::path(
    delete,
    path = "/v1/images/{filename}",
    tag = "images",
    operation_id = "delete_image",
    params(("filename" = String, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn delete_image(
    State(app): State<App>,
    account: AccountCaller,
    Path(filename): Path<String>,
) -> ApiResult<StatusCode> {
    delete_by_filename(&app, account, &filename).await
}

/// Delete an image (old path)
///
/// Does the same as `DELETE /v1/images/{filename}`. Clients of the originals use this path.
#[utoipa::path(
    delete,
    path = "/v1/uploads/images/{filename}",
    tag = "images",
    operation_id = "delete_image_old",
    params(("filename" = String, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(super) async fn delete_image_old(
    State(app): State<App>,
    account: AccountCaller,
    Path(filename): Path<String>,
) -> ApiResult<StatusCode> {
    delete_by_filename(&app, account, &filename).await
}

async fn delete_by_filename(app: &App, account: AccountCaller, filename: &str) -> ApiResult<StatusCode> {
    let name: ImageFilename = filename.parse().map_err(|_| NOT_FOUND)?;
    images::delete(&app.store, account.user, name, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
