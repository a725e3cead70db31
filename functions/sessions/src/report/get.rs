use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use entry::{
    App,
    http::{AccountCaller, ApiError, ApiResult, ErrorBody, PathId, ValidQuery, accepts_html},
    tokens::ReportLink,
};
use garde::Validate;
use http::{HeaderMap, HeaderName, StatusCode, header};
use model::{SessionId, report::SessionReport};
use serde::{Deserialize, Serialize};
use store::{
    ReadConsistency,
    sessions::{self, reports},
};
use utoipa::{IntoParams, ToSchema};

use super::{ReportStatus, find_report, page};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GetReportQuery {
    /// The format of the report. The default is a page if the request accepts `text/html`, else JSON.
    #[garde(skip)]
    #[param(inline)]
    pub format: Option<ReportFormat>,
    /// The proof in the link of an e-mail. It opens the report of one session without an account, for 30 days or
    /// until its owner revokes the links.
    #[garde(length(max = 1000))]
    #[param(max_length = 1000)]
    pub link: Option<String>,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    Json,
    /// A page that can be printed.
    Html,
}

/// A report that is being written.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPending {
    pub status: ReportStatus,
}

/// Get the report of a session
///
/// Returns the report of a session of the caller. It contains the results of every slide, the participation over time,
/// the questions, the calls of the assistant, and the names of the participants. As a page it has no script, loads
/// nothing, and can be printed.
///
/// A browser without an account is sent to a page to sign in.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/report",
    tag = "sessions",
    operation_id = "get_report",
    params(("id" = SessionId, Path), GetReportQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, content((SessionReport = "application/json"), (String = "text/html"))),
        (status = 202, description = "The report is being written", body = ReportPending),
        (status = 303, description = "A page was requested without a valid login or link. `Location` is the page to sign in."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "Not found, or the session was never started", body = ErrorBody),
        (status = 409, description = "The session has not ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn get_report(
    State(app): State<App>,
    account: Result<AccountCaller, ApiError>,
    PathId(id): PathId<SessionId>,
    ValidQuery(query): ValidQuery<GetReportQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let as_page = query.format.map_or_else(|| accepts_html(&headers), |format| format == ReportFormat::Html);
    let link: Option<ReportLink> = app.tokens.verify_optional(query.link.as_deref(), now).await?;
    if let Some(link) = link.filter(|link| link.session == id) {
        sessions::get_owned(&app.store, link.owner, id, ReadConsistency::Strong, now).await?;
        if let Some(report) = reports::get_linked(&app.store, id, now).await? {
            return report_response(&report, as_page);
        }
    }
    let account = match account {
        Ok(account) => account,
        Err(_) if as_page && !headers.contains_key(header::AUTHORIZATION) => {
            let url = format!("{}/sign-in?next=/v1/sessions/{id}/report", app.settings.public_url);
            return Ok(Redirect::to(&url).into_response());
        }
        Err(refused) => return Err(refused),
    };
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    match find_report(&app, &session, now).await? {
        Some(report) => report_response(&report, as_page),
        None if as_page => {
            let page = page::render_pending(&session)?;
            Ok((StatusCode::ACCEPTED, VARY, page::headers(), page).into_response())
        }
        None => {
            let pending = Json(ReportPending { status: ReportStatus::Pending });
            Ok((StatusCode::ACCEPTED, VARY, pending).into_response())
        }
    }
}

const VARY: [(HeaderName, &str); 1] = [(header::VARY, "accept")];

fn report_response(report: &SessionReport, as_page: bool) -> ApiResult<Response> {
    Ok(if as_page {
        (VARY, page::headers(), page::render_report(report)?).into_response()
    } else {
        (VARY, Json(report)).into_response()
    })
}
