//! Presentations, their slides and the images on them. Images have a Lambda function of their own, and [`images`] has
//! its table of paths.
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /v1/presentations` | `list` |
//! | `POST /v1/presentations` | `create` |
//! | `GET /v1/presentations/{id}` | `get` |
//! | `PUT /v1/presentations/{id}` | `update` |
//! | `DELETE /v1/presentations/{id}` | `delete` |
//! | `POST /v1/presentations/{id}/duplicate` | `duplicate` |
//! | `GET /v1/presentations/slug/{slug}` | `by_slug` |
//! | `GET /v1/presentations/{id}/slides` | `slides::list` |
//! | `POST /v1/presentations/{id}/slides` | `slides::create` |
//! | `POST /v1/presentations/{id}/slides/insert/{position}` | `slides::insert` |
//! | `PUT /v1/presentations/{id}/slides/reorder` | `slides::reorder` |
//! | `GET /v1/slides/{id}` | `slides::get` |
//! | `PUT /v1/slides/{id}` | `slides::update` |
//! | `DELETE /v1/slides/{id}` | `slides::delete` |
//! | `POST /v1/slides/{id}/duplicate` | `slides::duplicate` |
//!
//! Everything except the public link belongs to the owner, and is not found for other callers. Rules are in
//! `model::{presentation, slide}`, items in `store::presentations`. `view` contains the response types, `fields`
//! the validation that several requests share.

mod by_slug;
mod create;
mod delete;
mod duplicate;
mod fields;
mod get;
pub mod images;
mod list;
mod slides;
mod update;
mod view;

use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_presentations, create::create_presentation))
        .routes(routes!(by_slug::get_presentation_by_slug))
        .routes(routes!(get::get_presentation, update::update_presentation, delete::delete_presentation))
        .routes(routes!(duplicate::duplicate_presentation))
        .routes(routes!(slides::list::list_slides, slides::create::create_slide))
        .routes(routes!(slides::insert::insert_slide))
        .routes(routes!(slides::reorder::reorder_slides))
        .routes(routes!(slides::get::get_slide, slides::update::update_slide, slides::delete::delete_slide))
        .routes(routes!(slides::duplicate::duplicate_slide))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// Starts the Lambda function `api-presentations`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    Ok(entry::http::function(&app, router().split_for_parts().0.with_state(app.clone())))
}
