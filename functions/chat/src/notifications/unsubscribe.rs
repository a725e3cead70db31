//! Turning off a kind of e-mail by a link in it, without a log-in (RFC 8058).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use entry::{
    App,
    http::{ApiError, ApiResult, ErrorBody, ValidQuery},
};
use garde::Validate;
use http::{StatusCode, header};
use model::{ErrorCode, notification::MailSubscription};
use serde::{Deserialize, Serialize};
use store::chat::notification_preferences;
use utoipa::{IntoParams, ToSchema};

/// The token of the link.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnsubscribeQuery {
    /// The token of the link in the e-mail. It turns off the kind of this e-mail, and permits nothing else.
    #[garde(length(max = 1000))]
    #[param(max_length = 1000)]
    token: String,
}

/// The kind of e-mail that is turned off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnsubscribeResponse {
    list: MailSubscription,
    /// A sentence for people. It may change.
    message: &'static str,
}

/// Turn off a kind of e-mail by its link
///
/// Turns off the missed-mentions e-mails or the e-mails about reports of one account. Mail programs send this request by one click (RFC
/// 8058), with the body `List-Unsubscribe=One-Click`, which is not read. The link works for a year and more than once. The preferences of
/// notifications turn the e-mails on again.
#[utoipa::path(
    post,
    path = "/v1/notifications/unsubscribe",
    tag = "messages",
    operation_id = "unsubscribe",
    params(UnsubscribeQuery),
    responses(
        (status = 200, description = "These e-mails are turned off.", body = UnsubscribeResponse),
        (status = 400, description = "`INVALID_TOKEN`: the token is unknown or expired.", body = ErrorBody),
        (status = 422, description = "`token` is missing.", body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn unsubscribe(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<UnsubscribeQuery>,
) -> ApiResult<Json<UnsubscribeResponse>> {
    let link = app.tokens.verify_unsubscribe(&query.token, app.clock.now()).await?.ok_or_else(|| {
        let why = "the link is not complete or has expired: turn the e-mails off in the notification preferences of your account";
        ApiError::Http(StatusCode::BAD_REQUEST, ErrorCode::InvalidToken, why.into())
    })?;
    notification_preferences::unsubscribe(&app.store, link.user, link.list).await?;
    tracing::info!(user.id = %link.user, list = ?link.list, "unsubscribed");
    let message = match link.list {
        MailSubscription::MentionDigest => "You get no more e-mails about missed mentions.",
        MailSubscription::Report => "You get no more e-mails about reports.",
    };
    Ok(Json(UnsubscribeResponse { list: link.list, message }))
}

/// Open the page that turns off e-mails
///
/// Leads a reader who opened the link of the header `List-Unsubscribe` to a page with a button. It changes nothing, because mail
/// programs open links to check them. A token that is not valid is not passed on.
#[utoipa::path(
    get,
    path = "/v1/notifications/unsubscribe",
    tag = "messages",
    operation_id = "open_unsubscribe_page",
    params(UnsubscribeQuery),
    responses(
        (status = 303, description = "`Location` is the page."),
        (status = 422, description = "`token` is missing.", body = ErrorBody),
    ),
    security(())
)]
pub(crate) async fn open_unsubscribe_page(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<UnsubscribeQuery>,
) -> ApiResult<Response> {
    let is_valid = app.tokens.verify_unsubscribe(&query.token, app.clock.now()).await?.is_some();
    let token = if is_valid { format!("?token={}", query.token) } else { String::new() };
    let page = format!("{}/unsubscribe{token}", app.settings.public_url);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, page)]).into_response())
}
