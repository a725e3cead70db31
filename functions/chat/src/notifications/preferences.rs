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
use store::{
    ReadConsistency,
    chat::notification_preferences::{self, PreferencesUpdate},
};
use utoipa::ToSchema;

/// Get my notification preferences
///
/// By default a user gets at most one e-mail of missed mentions per hour, an e-mail with each report, and has no quiet
/// hours. An account whose address is not verified gets none of these e-mails.
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

/// The notification preferences of a user.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct PutPreferencesRequest {
    /// How often missed mentions are sent by e-mail. `hourly` by default.
    #[serde(default)]
    #[garde(skip)]
    mail_digest: DigestFrequency,
    /// Whether an e-mail announces the report of each session that ended. If absent, the stored value stays, so that a
    /// client that does not know the field cannot undo an unsubscription. `true` for a new account.
    #[garde(skip)]
    report_mail: Option<bool>,
    /// When notifications are silent. No quiet hours by default.
    #[garde(skip)]
    quiet_hours: Option<QuietHours>,
}

/// Replace my notification preferences
///
/// Replaces all preferences. Absent fields get their defaults, except `report_mail`. In quiet hours mentions are published with `is_silent`,
/// and no e-mail is sent. Missed mentions are sent when the quiet hours end. `notify` of a channel decides what the
/// caller is notified of there.
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
        (status = 422, description = "`mail_digest`, `report_mail` or `quiet_hours` is invalid.", body = ErrorBody),
    )
)]
pub(crate) async fn put_preferences(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<PutPreferencesRequest>,
) -> ApiResult<Json<NotificationPreferences>> {
    let PutPreferencesRequest { mail_digest, report_mail, quiet_hours } = input;
    if let Some(hours) = &quiet_hours {
        let field_error = |(field, reason)| Error::field(format!("quiet_hours.{field}"), reason);
        hours.validate().map_err(field_error)?;
    }
    let update = PreferencesUpdate { mail_digest, quiet_hours, report_mail };
    Ok(Json(notification_preferences::put(&app.store, account.user, update).await?))
}
