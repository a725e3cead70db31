use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, IfMatch, PathId},
};
use http::StatusCode;
use model::{Error, SlideId};
use store::{
    presentations::slides::{self, SlideLocation},
    retry_conflict,
};

use crate::view::SLIDE;

/// Delete a slide
///
/// Deletes a slide. The slides after it move up. Responses to the slide stay in their sessions.
#[utoipa::path(
    delete,
    path = "/v1/slides/{id}",
    tag = "slides",
    operation_id = "delete_slide",
    params(("id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the slide has changed since the client read it.", body = ErrorBody),
    )
)]
pub(crate) async fn delete_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SlideId>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    let store = &app.store;
    let expected = &if_match.expected(SLIDE);
    let removed: Result<(), Error> = retry_conflict("the slide", || async {
        let now = app.clock.now();
        let SlideLocation { slide, presentation, .. } = slides::locate(store, account.user, id, now).await?;
        expected.require(slide.version)?;
        let version = (!expected.is_any()).then_some(slide.version);
        Ok(slides::remove(store, &presentation, id, version, now).await?)
    })
    .await;
    removed?;
    Ok(StatusCode::NO_CONTENT)
}
