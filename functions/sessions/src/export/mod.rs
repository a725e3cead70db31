//! What was said in a session, row by row, for a spreadsheet or a program.
//!
//! | module | what |
//! | --- | --- |
//! | [`rows`] | answers and questions as rows |
//! | [`sheet`] | rows as CSV or JSON, in parts that fit an answer of Lambda |

pub mod rows;
pub mod sheet;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use entry::{
    App,
    http::{AccountCaller, ApiError, ApiResult, ErrorBody, PathId, ValidQuery},
};
use garde::Validate;
use http::{StatusCode, header};
use model::{Error, ErrorCode, SessionId, SlideId};
use serde::{Deserialize, Serialize};
use store::{ReadConsistency, sessions};
use utoipa::{IntoParams, ToSchema};

use self::rows::{QuestionRow, ResponseRow};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportSessionQuery {
    /// `csv` where nothing is said.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    pub format: ExportFormat,
    /// `responses` where nothing is said.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    pub what: ExportContent,
    /// Answers to this slide only.
    #[garde(skip)]
    pub slide_id: Option<SlideId>,
    /// From 1: this part of an export that is larger than 5 MB. `x-parts` says how many there are.
    #[garde(range(min = 1, max = 10_000))]
    #[param(minimum = 1, maximum = 10_000)]
    pub part: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// In UTF-8, and marked so, for Excel; a cell that a spreadsheet would take for a formula begins with `'`.
    #[default]
    Csv,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportContent {
    #[default]
    Responses,
    Questions,
}

impl ExportContent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Responses => "responses",
            Self::Questions => "questions",
        }
    }
}

/// Either sort of row, for the document.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ExportedRow {
    Response(Box<ResponseRow>),
    Question(Box<QuestionRow>),
}

/// Everything that was answered or asked, with names: for the owner. Answers by the order of the slides, then by time; hidden
/// ones and those that do not count are there, and say so.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/export",
    tag = "sessions",
    operation_id = "export_session",
    params(("id" = SessionId, Path), ExportSessionQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (
            status = 200,
            content((String = "text/csv"), (Vec<ExportedRow> = "application/json")),
            headers(("x-parts" = u32, description = "how many parts there are"))
        ),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a `part` that is not there", body = ErrorBody),
        (status = 413, description = "larger than 5 MB: ask for one `part` after the other", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn export_session(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidQuery(which): ValidQuery<ExportSessionQuery>,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    let sheet = match which.what {
        ExportContent::Responses => {
            let rows = rows::response_rows(&app, &session, which.slide_id, now).await?;
            sheet::write_sheet(which.format, &rows)?
        }
        ExportContent::Questions => {
            sheet::write_sheet(which.format, &rows::question_rows(&app, id, now).await?)?
        }
    };
    let parts = sheet.parts();
    let part = match which.part {
        None if parts > 1 => {
            let why = format!("the export is larger than 5 MB: ask for part=1 to part={parts}");
            return Err(ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, why));
        }
        part => part.unwrap_or(1),
    };
    let body = sheet.part(part).ok_or(Error::NotFound("this part of the export"))?;
    let (content_type, ending) = match which.format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Json => ("application/json", "json"),
    };
    let name = format!("colloquy-{}-{}", session.join_code, which.what.as_str());
    let name = if parts > 1 { format!("{name}-{part}.{ending}") } else { format!("{name}.{ending}") };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::HeaderName::from_static("x-parts"), parts.to_string()),
    ];
    Ok((headers, body).into_response())
}
