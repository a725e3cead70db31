use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use model::{
    Error,
    notification::{DigestFrequency, NotificationPreferences, QuietHours},
};
use serde::Deserialize;
use store::{ReadConsistency, chat::notification_preferences};
use utoipa::ToSchema;

/// How one wants to be told
///
/// Whoever has said nothing is written to of missed mentions at most once an hour, and has no quiet hours.
#[utoipa::path(
    get,
    path = "/v1/notifications/preferences",
    tag = "messages",
    operation_id = "get_preferences",
    security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = NotificationPreferences), (status = 401, body = ErrorBody))
)]
pub(crate) async fn get_preferences(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<NotificationPreferences>> {
    let found =
        notification_preferences::get(&app.store, account.user, ReadConsistency::Strong, app.clock.now())
            .await?;
    Ok(Json(found))
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct PutPreferencesRequest {
    /// `hourly` where it is left out.
    #[serde(default)]
    #[garde(skip)]
    mail_digest: DigestFrequency,
    /// None where they are left out.
    #[garde(skip)]
    quiet_hours: Option<QuietHours>,
}

/// Says how one wants to be told
///
/// All of it: what is left out is as if nothing had been said. In quiet hours mentions are told with `is_silent`, and nobody is
/// written to; what was missed comes when they end. Per channel, `notify` says what one is told of at all.
#[utoipa::path(
    put,
    path = "/v1/notifications/preferences",
    tag = "messages",
    operation_id = "put_preferences",
    request_body = PutPreferencesRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = NotificationPreferences),
        (status = 401, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn put_preferences(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(wanted): ValidJson<PutPreferencesRequest>,
) -> ApiResult<Json<NotificationPreferences>> {
    let PutPreferencesRequest { mail_digest, quiet_hours } = wanted;
    if let Some(hours) = &quiet_hours {
        let wrong = |(field, why)| Error::field(format!("quiet_hours.{field}"), why);
        hours.validate().map_err(wrong)?;
    }
    let preferences = NotificationPreferences { mail_digest, quiet_hours };
    notification_preferences::put(&app.store, account.user, preferences.clone()).await?;
    Ok(Json(preferences))
}
