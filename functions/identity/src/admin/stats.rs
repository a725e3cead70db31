//! Usage statistics by day or week. They are derived from the sessions, so no counter can be wrong. The cost grows with
//! the number of sessions, so a request reads at most 1,000 and reports in `is_complete` whether these were all.

use std::{collections::BTreeMap, fmt::Write};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, ValidQuery},
};
use futures::{StreamExt, TryStreamExt, stream};
use garde::Validate;
use http::{HeaderMap, header};
use jiff::civil::{Date, Weekday};
use model::Error;
use serde::{Deserialize, Serialize};
use store::{
    identity::plan_usage,
    presentations::{self, slides},
    sessions::{self, Session, day_of, participants},
};
use utoipa::{IntoParams, ToSchema};

use super::sessions::list::days_before;

/// The longest range, in days.
const MAX_DAYS: i32 = 92;
/// The newest sessions of the range, which a request reads.
const MAX_SESSIONS: usize = 1_000;
const READ_CONCURRENCY: usize = 16;

/// The range and the format of usage statistics.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminStatsQuery {
    /// The first day, UTC. The default is six days before `to`.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day, UTC. The default is today. The range has at most 92 days.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// The interval of a row. The default is `day`.
    #[garde(skip)]
    #[param(inline)]
    by: Option<StatsInterval>,
    /// The format of the response. The default is JSON, or CSV with the header `Accept: text/csv`.
    #[garde(skip)]
    #[param(inline)]
    format: Option<StatsFormat>,
}

/// The interval of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatsInterval {
    #[default]
    Day,
    /// A week from Monday, named after its Monday.
    Week,
}

/// The format of usage statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatsFormat {
    Json,
    Csv,
}

/// Counts of usage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UsageNumbers {
    sessions: u64,
    participants: u64,
    responses: u64,
    ai_calls: u64,
    ai_tokens: u64,
    /// The cost of AI calls in millionths of a US dollar.
    ai_cost_micros: u64,
}

/// The usage of a day or a week.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageRow {
    /// The day, or the Monday of the week.
    #[schema(value_type = String, format = Date)]
    date: Date,
    #[serde(flatten)]
    numbers: UsageNumbers,
}

/// Usage statistics of a range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageStatistics {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// One row for every day or week of the range, also without usage.
    items: Vec<UsageRow>,
    total: UsageNumbers,
    /// Responses by the type of their slide. `deleted` counts responses to slides that have been deleted.
    responses_by_slide_type: BTreeMap<String, u64>,
    /// `false` if the range has more than 1,000 sessions. Only the newest 1,000 are counted.
    is_complete: bool,
}

/// Get usage statistics
///
/// Returns the number of sessions, participants, responses and AI calls by day or week. A session counts on the day on
/// which it was created. For admins.
#[utoipa::path(
    get,
    path = "/v1/admin/stats",
    tag = "admin",
    operation_id = "admin_stats",
    params(AdminStatsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (
            status = 200,
            description = "The statistics.",
            content((UsageStatistics = "application/json"), (String = "text/csv"))
        ),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_stats(
    State(app): State<App>,
    _staff: AdminCaller,
    headers: HeaderMap,
    ValidQuery(range): ValidQuery<AdminStatsQuery>,
) -> ApiResult<Response> {
    let today = day_of(app.clock.now());
    let to = range.to.unwrap_or(today).min(today);
    let from = match range.from {
        Some(from) => from,
        None => days_before(to, 6)?,
    };
    let days = (to - from).get_days() + 1;
    if !(1..=MAX_DAYS).contains(&days) {
        let why = format!("must be at most {MAX_DAYS} days before `to` and not after it");
        return Err(Error::field("from", why).into());
    }
    let stats = count_usage(&app, from, to, range.by.unwrap_or_default()).await?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wants_csv = range.format.map_or(accept.starts_with("text/csv"), |format| format == StatsFormat::Csv);
    if wants_csv {
        let name = format!("attachment; filename=\"colloquy-{from}-{to}.csv\"");
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
        ];
        return Ok((headers, rows_to_csv(&stats.items)).into_response());
    }
    Ok(Json(stats).into_response())
}

async fn count_usage(app: &App, from: Date, to: Date, by: StatsInterval) -> Result<UsageStatistics, Error> {
    let now = app.clock.now();
    let mut rows = BTreeMap::<Date, UsageNumbers>::new();
    let mut found = Vec::new();
    let mut day = to;
    while day >= from {
        rows.entry(by.period_start(day)).or_default();
        if found.len() < MAX_SESSIONS {
            found.extend(sessions::list_by_day(&app.store, day, now).await?);
        }
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    let is_complete = found.len() < MAX_SESSIONS;
    found.truncate(MAX_SESSIONS);
    let counted: Vec<(Date, UsageNumbers, BTreeMap<String, u64>)> = stream::iter(found)
        .map(|session| session_usage(app, session))
        .buffer_unordered(READ_CONCURRENCY)
        .try_collect()
        .await?;
    let mut total = UsageNumbers::default();
    let mut types = BTreeMap::new();
    for (day, numbers, by_type) in counted {
        rows.entry(by.period_start(day)).or_default().add(&numbers);
        total.add(&numbers);
        for (kind, responses) in by_type {
            *types.entry(kind).or_default() += responses;
        }
    }
    let items = rows.into_iter().map(|(date, numbers)| UsageRow { date, numbers }).collect();
    Ok(UsageStatistics { from, to, items, total, responses_by_slide_type: types, is_complete })
}

async fn session_usage(
    app: &App,
    session: Session,
) -> Result<(Date, UsageNumbers, BTreeMap<String, u64>), Error> {
    let now = app.clock.now();
    let (counted, participants, ai) = tokio::try_join!(
        sessions::get_with_counts(&app.store, session.id, now),
        participants::count(&app.store, session.id),
        plan_usage::sum_ai_usage(&app.store, session.id, now),
    )?;
    let snapshots = counted.map(|counted| counted.snapshots).unwrap_or_default();
    let mut by_type = BTreeMap::new();
    if !snapshots.is_empty() {
        let presentation = presentations::get(&app.store, session.presentation, now).await?;
        let slides = match &presentation {
            Some(presentation) => slides::list(&app.store, presentation, now).await?,
            None => Vec::new(),
        };
        for snapshot in &snapshots {
            let slide = slides.iter().find(|slide| slide.id == snapshot.slide);
            let kind = slide.map_or("deleted", |slide| slide.content.kind().as_str());
            *by_type.entry(kind.to_owned()).or_default() += snapshot.responses;
        }
    }
    let numbers = UsageNumbers {
        sessions: 1,
        participants,
        responses: by_type.values().sum(),
        ai_calls: ai.calls,
        ai_tokens: ai.tokens_in + ai.tokens_out,
        ai_cost_micros: ai.cost_micros,
    };
    Ok((day_of(session.created_at), numbers, by_type))
}

impl StatsInterval {
    fn period_start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week if day.weekday() == Weekday::Monday => day,
            Self::Week => day.nth_weekday(-1, Weekday::Monday).unwrap_or(day),
        }
    }
}

impl UsageNumbers {
    const fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.participants += other.participants;
        self.responses += other.responses;
        self.ai_calls += other.ai_calls;
        self.ai_tokens += other.ai_tokens;
        self.ai_cost_micros += other.ai_cost_micros;
    }
}

/// Writes rows as CSV. The columns are dates and numbers, so nothing needs quotes, and no text can be a formula that a
/// spreadsheet runs.
fn rows_to_csv(rows: &[UsageRow]) -> String {
    let mut text = String::from("date,sessions,participants,responses,ai_calls,ai_tokens,ai_cost_micros\r\n");
    for UsageRow { date, numbers } in rows {
        let UsageNumbers { sessions, participants, responses, ai_calls, ai_tokens, ai_cost_micros } = numbers;
        let _ = write!(
            text,
            "{date},{sessions},{participants},{responses},{ai_calls},{ai_tokens},{ai_cost_micros}\r\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_week_is_called_by_its_monday() {
        for (day, monday) in [((2026, 11, 16), 16), ((2026, 11, 17), 16), ((2026, 11, 22), 16)] {
            assert_eq!(StatsInterval::Week.period_start(date(day.0, day.1, day.2)), date(2026, 11, monday));
        }
        assert_eq!(StatsInterval::Day.period_start(date(2026, 11, 22)), date(2026, 11, 22));
    }

    #[test]
    fn a_sheet_has_a_line_for_each() {
        let numbers = UsageNumbers { sessions: 2, participants: 30, ..UsageNumbers::default() };
        let sheet = rows_to_csv(&[UsageRow { date: date(2026, 11, 21), numbers }]);
        assert_eq!(sheet.lines().nth(1), Some("2026-11-21,2,30,0,0,0,0"));
    }
}
