//! Exports the answers and questions of a session as rows, for a spreadsheet or a program.
//!
//! | module | content |
//! | --- | --- |
//! | [`rows`] | answers and questions as rows |
//! | [`sheet`] | rows as CSV or JSON, in parts that fit into a Lambda response |

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
use utoipa_axum::{router::OpenApiRouter, routes};

use self::rows::{QuestionRow, ResponseRow};

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_session))
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportSessionQuery {
    /// The format of the export. The default is `csv`.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    pub format: ExportFormat,
    /// The content of the export. The default is `responses`.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline)]
    pub what: ExportContent,
    /// Exports only the answers to this slide.
    #[garde(skip)]
    pub slide_id: Option<SlideId>,
    /// The number of the part, from 1. An export that does not fit into one response has several parts, at about
    /// 3.7 MB of CSV or 5 MB of JSON. The header `x-parts` has their number.
    #[garde(range(min = 1, max = 10_000))]
    #[param(minimum = 1, maximum = 10_000)]
    pub part: Option<usize>,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// UTF-8 with a byte order mark, for Excel. A cell that a spreadsheet would read as a formula starts with `'`.
    #[default]
    Csv,
    Json,
}

/// The content of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportContent {
    /// The answers of the audience.
    #[default]
    Responses,
    /// The questions of the audience.
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

/// A row of an export.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ExportedRow {
    Response(Box<ResponseRow>),
    Question(Box<QuestionRow>),
}

/// Export a session
///
/// Returns the answers or the questions of a session of the caller, with the names of the participants. Answers have
/// the order of the slides, then of time. The export contains hidden answers and answers that do not count, and marks
/// them.
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
            headers(("x-parts" = u32, description = "The number of parts"))
        ),
        (status = 401, body = ErrorBody),
        (status = 404, description = "Not found, or the export has fewer parts", body = ErrorBody),
        (status = 413, description = "The export does not fit into one response. Request its parts one after the other", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn export_session(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidQuery(query): ValidQuery<ExportSessionQuery>,
) -> ApiResult<Response> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    let sheet = match query.what {
        ExportContent::Responses => {
            let rows = rows::response_rows(&app, &session, query.slide_id, now).await?;
            sheet::write_sheet(query.format, &rows)?
        }
        ExportContent::Questions => {
            sheet::write_sheet(query.format, &rows::question_rows(&app, id, now).await?)?
        }
    };
    let parts = sheet.parts();
    let part = match query.part {
        None if parts > 1 => {
            let why =
                format!("the export does not fit into one response; request `part=1` to `part={parts}`");
            return Err(ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, why));
        }
        part => part.unwrap_or(1),
    };
    let body = sheet.part(part).ok_or(Error::NotFound("this part of the export"))?;
    let (content_type, extension) = match query.format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Json => ("application/json", "json"),
    };
    let name = format!("colloquy-{}-{}", session.join_code, query.what.as_str());
    let name = if parts > 1 { format!("{name}-{part}.{extension}") } else { format!("{name}.{extension}") };
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::HeaderName::from_static("x-parts"), parts.to_string()),
    ];
    Ok((headers, body).into_response())
}
