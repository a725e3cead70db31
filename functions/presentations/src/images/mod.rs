//! Images for slides.
//!
//! | method and path | file |
//! | --- | --- |
//! | `POST /v1/upload/image`, `POST /v1/uploads/images` | `upload` |
//! | `GET /v1/images/{filename}`, `GET /v1/uploads/images/{filename}` | `get` |
//! | `DELETE /v1/images/{filename}`, `DELETE /v1/uploads/images/{filename}` | `delete` |
//!
//! Images are in a Lambda function of their own, `api-images`, and not in `api-presentations`. Decoders read untrusted
//! files and need memory for a whole image. An audience that opens a slide must not use up the concurrency of speakers
//! who edit one, nor cause them cold starts.
//!
//! `uploaded_file` reads the file from the request. `normalize` decodes it within limits, scales it and encodes it
//! again. `animation` does this for a GIF, frame by frame. `store::presentations::images` stores the result, a
//! `normalized_image`. Nothing of a file is kept except its pixels. `image_cache` keeps recently shown images in
//! memory.

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

/// Starts the Lambda function `api-images`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let router = router().split_for_parts().0.layer(Extension(ImageCache::default())).with_state(app.clone());
    Ok(entry::http::function(&app, router))
}
