use axum::Json;
use entry::http::{AccountCaller, ApiResult, ErrorBody, ValidJson, ValidQuery};
use garde::Validate;
use model::{
    Error,
    message::{MAX_CONTENT_LENGTH, MessageFormatting, content},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A text to validate, in the body or in the query.
#[derive(Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct ValidateFormatRequest {
    /// The text.
    #[garde(skip)]
    content: Option<String>,
}

/// How a text would be stored as a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidateFormatResponse {
    /// `true` if the text can be sent as a message.
    valid: bool,
    /// Why the text cannot be sent. `null` if it can.
    error: Option<&'static str>,
    /// The formatting in the text.
    formatting: MessageFormatting,
    /// The text as it would be stored. The original text, shortened to the maximum length, if it cannot be sent.
    sanitized_content: String,
    /// User names that the text mentions, in lower case. Users with these names may not exist.
    mentions: Vec<String>,
}

/// Validate the text of a message
///
/// Returns whether a text can be sent as a message, its formatting, and the user names that it mentions. Nothing is
/// stored.
// Needs no request to the table except for the caller.
#[utoipa::path(
    post,
    path = "/v1/messages/format/validate",
    tag = "messages",
    operation_id = "validate_format",
    params(ValidateFormatRequest),
    request_body = ValidateFormatRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The result, also for a text that cannot be sent.", body = ValidateFormatResponse),
        (status = 401, body = ErrorBody),
        (status = 422, description = "`content` is missing.", body = ErrorBody),
    )
)]
pub(crate) async fn validate_format(
    _: AccountCaller,
    ValidQuery(query): ValidQuery<ValidateFormatRequest>,
    ValidJson(body): ValidJson<ValidateFormatRequest>,
) -> ApiResult<Json<ValidateFormatResponse>> {
    let text = body.content.or(query.content).ok_or_else(|| Error::field("content", "is required"))?;
    let (error, stored) = match content::normalize(&text) {
        Ok(stored) => (None, stored),
        // limits the work for texts that are too long
        Err(reason) => (Some(reason), text.chars().take(MAX_CONTENT_LENGTH).collect()),
    };
    Ok(Json(ValidateFormatResponse {
        valid: error.is_none(),
        error,
        formatting: content::detect_formatting(&stored),
        mentions: content::find_mentions(&stored),
        sanitized_content: stored,
    }))
}
