use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PageNumbers, PathId, ValidQuery},
};
use garde::Validate;
use jiff::Timestamp;
use model::{SessionId, SlideId};
use protocol::event::ResponseSubmitted;
use serde::{Deserialize, Serialize};
use store::{
    ReadConsistency,
    sessions::{
        self,
        responses::{self, SlideResponse},
    },
};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListResponsesQuery {
    /// A session of the caller.
    #[garde(skip)]
    pub session_id: SessionId,
    /// The number of the page, from 1.
    #[garde(range(min = 1, max = 100_000))]
    #[param(minimum = 1, maximum = 100_000)]
    pub page: Option<usize>,
    /// Answers on a page, from 1 to 100. The default is 20.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<usize>,
}

/// A page of answers to a slide, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseList {
    pub items: Vec<ResponseSubmitted>,
    #[serde(flatten)]
    pub numbers: PageNumbers,
}

/// Returns an answer as the presenter sees it.
pub fn response_submitted(response: SlideResponse) -> ResponseSubmitted {
    ResponseSubmitted {
        response_id: response.id,
        slide_id: response.slide,
        participant_id: response.participant,
        display_name: response.display_name,
        content: response.answer.to_value(),
        seq: response.seq,
        created_at: Timestamp::from_millisecond(response.received).unwrap_or_default(),
        is_hidden: response.hidden,
        is_flagged: response.flagged,
    }
}

/// List the answers to a slide
///
/// Returns the answers to a slide in a session of the caller, newest first, with the names of the participants. Pages
/// have numbers instead of cursors.
#[utoipa::path(
    get,
    path = "/v1/responses/slide/{id}",
    tag = "responses",
    operation_id = "list_responses_of_slide",
    params(("id" = SlideId, Path), ListResponsesQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ResponseList),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
// The alternative, a cursor, would need an index by time, and so a second write for every vote. A page therefore reads
// all answers to the slide, as every count does.
pub async fn list_responses_of_slide(
    State(app): State<App>,
    account: AccountCaller,
    PathId(slide): PathId<SlideId>,
    ValidQuery(query): ValidQuery<ListResponsesQuery>,
) -> ApiResult<Json<ResponseList>> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, query.session_id, ReadConsistency::Eventual, now).await?;
    let mut found = responses::list_by_slide(&app.store, query.session_id, slide, now).await?;
    found.sort_by_key(|response| std::cmp::Reverse((response.received, response.id)));
    let (items, numbers) =
        PageNumbers::paginate(found, query.page.unwrap_or(1), query.page_size.unwrap_or(20));
    Ok(Json(ResponseList { items: items.into_iter().map(response_submitted).collect(), numbers }))
}
