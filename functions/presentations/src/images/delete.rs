use axum::extract::{Path, State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use http::StatusCode;
use model::image::ImageFilename;
use store::presentations::images;

use super::show::NOT_FOUND;

macro_rules! deletes {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Its owner's alone, and at once: also where a slide still shows it, which then shows none. Whoever has seen it may
        /// keep it in a cache for a year.
        #[utoipa::path(
            delete,
            path = $path,
            tag = "images",
            operation_id = $id,
            params(("filename" = String, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 204),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
            )
        )]
        pub(super) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            Path(filename): Path<String>,
        ) -> ApiResult<StatusCode> {
            let name: ImageFilename = filename.parse().map_err(|_| NOT_FOUND)?;
            images::delete(&app.store, account.user, name, app.clock.now()).await?;
            Ok(StatusCode::NO_CONTENT)
        }
    )*};
}

deletes! {
    /// Delete an image
    delete, "/v1/images/{filename}", "delete_image";
    /// Delete an image; the spelling of old clients
    delete_old, "/v1/uploads/images/{filename}", "delete_image_old";
}
