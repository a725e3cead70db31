//! Presentations, their slides and the images on them: what a speaker prepares before a talk. Images have a door of their own
//! ([`images`], with its table of paths).
//!
//! | method and path | file |
//! | --- | --- |
//! | `GET /v1/presentations` | [`list`] |
//! | `POST /v1/presentations` | [`create`] |
//! | `GET /v1/presentations/{id}` | [`get`] |
//! | `PUT /v1/presentations/{id}` | [`update`] |
//! | `DELETE /v1/presentations/{id}` | [`delete`] |
//! | `POST /v1/presentations/{id}/duplicate` | [`duplicate`] |
//! | `GET /v1/presentations/slug/{slug}` | [`by_slug`] |
//! | `GET /v1/presentations/{id}/slides` | [`slides::list`] |
//! | `POST /v1/presentations/{id}/slides` | [`slides::create`] |
//! | `POST /v1/presentations/{id}/slides/insert/{position}` | [`slides::insert`] |
//! | `PUT /v1/presentations/{id}/slides/reorder` | [`slides::reorder`] |
//! | `GET /v1/slides/{id}` | [`slides::get`] |
//! | `PUT /v1/slides/{id}` | [`slides::update`] |
//! | `DELETE /v1/slides/{id}` | [`slides::delete`] |
//! | `POST /v1/slides/{id}/duplicate` | [`slides::duplicate`] |
//!
//! Everything but the slug is the owner's alone; to others it does not exist. Rules are in `model::{presentation,
//! slide}`, items in `store::{presentations, slides}`; how they look from outside is in [`view`], what several inputs
//! share in [`fields`].

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
        .routes(routes!(list::list, create::create))
        .routes(routes!(by_slug::by_slug))
        .routes(routes!(get::get, update::update, delete::delete))
        .routes(routes!(duplicate::duplicate))
        .routes(routes!(slides::list::list, slides::create::create))
        .routes(routes!(slides::insert::insert))
        .routes(routes!(slides::reorder::reorder))
        .routes(routes!(slides::get::get, slides::update::update, slides::delete::delete))
        .routes(routes!(slides::duplicate::duplicate))
}

pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

/// `api-presentations`.
pub async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    Ok(entry::http::door(&app, router().split_for_parts().0.with_state(app.clone())))
}
