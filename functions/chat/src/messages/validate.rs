use axum::Json;
use entry::http::{AccountCaller, ApiResult, ErrorBody, ValidJson, ValidQuery};
use garde::Validate;
use model::{
    Error,
    message::{MAX_CONTENT_LENGTH, MessageFormatting, content},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// In the body, or in the query as clients of the original have it.
#[derive(Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct ValidateFormatRequest {
    #[garde(skip)]
    content: Option<String>,
}

/// What a text would come to as a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidateFormatResponse {
    valid: bool,
    /// Why not.
    error: Option<&'static str>,
    formatting: MessageFormatting,
    /// As it would be stored; as it is, where it would not.
    sanitized_content: String,
    /// User names that it mentions, in lower case, whether or not anybody is called so.
    mentions: Vec<String>,
}

/// Whether a text would be taken as a message, and what stands in it. No request of the table but for the caller.
#[utoipa::path(
    post,
    path = "/v1/messages/format/validate",
    tag = "messages",
    operation_id = "validate_format",
    params(ValidateFormatRequest),
    request_body = ValidateFormatRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "also where it would not be taken", body = ValidateFormatResponse),
        (status = 401, body = ErrorBody),
        (status = 422, description = "no `content`", body = ErrorBody),
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
        // no more than a message can have is looked through
        Err(why) => (Some(why), text.chars().take(MAX_CONTENT_LENGTH).collect()),
    };
    Ok(Json(ValidateFormatResponse {
        valid: error.is_none(),
        error,
        formatting: content::detect_formatting(&stored),
        mentions: content::find_mentions(&stored),
        sanitized_content: stored,
    }))
}
