//! Images for slides.
//!
//! | method and path | file |
//! | --- | --- |
//! | `POST /v1/upload/image`, `POST /v1/uploads/images` | [`upload`] |
//! | `GET /v1/images/{filename}`, `GET /v1/uploads/images/{filename}` | [`show`] |
//! | `DELETE /v1/images/{filename}`, `DELETE /v1/uploads/images/{filename}` | [`delete`] |
//!
//! A door of its own, `api-images`, and not `api-presentations`: decoders read what strangers wrote and need memory for a whole
//! picture, and an audience that opens a slide must not take the concurrency, or the cold starts, of those who prepare one.
//!
//! An upload goes through [`posted`] (out of the request), [`picture`] (decoded within limits, scaled, drawn anew) or
//! [`animation`] (a GIF, frame by frame), and into `store::presentations::images`. Nothing is kept of a file but its pixels. What was shown is at
//! hand for a while on a [`shelf`].

mod animation;
mod delete;
mod get;
mod image_cache;
mod normalize;
mod normalized_image;
mod upload;
mod uploaded_file;

use axum::Extension;
use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::image_cache::ImageCache;

fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload::upload_image))
        .routes(routes!(upload::upload_image_old))
        .routes(routes!(get::get_image, delete::delete_image))
        .routes(routes!(get::get_image_old, delete::delete_image_old))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-images`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let router = router().split_for_parts().0.layer(Extension(ImageCache::default())).with_state(app.clone());
    Ok(entry::http::function(&app, router))
}
