use axum::Json;
use entry::http::{Account, Answer, ErrorBody, Params, Valid};
use garde::Validate;
use model::{
    Error,
    message::{Formatting, LENGTH, content},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// In the body, or in the query as clients of the original have it.
#[derive(Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct Draft {
    #[garde(skip)]
    content: Option<String>,
}

/// What a text would come to as a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Validated {
    valid: bool,
    /// Why not.
    error: Option<&'static str>,
    formatting: Formatting,
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
    params(Draft),
    request_body = Draft,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "also where it would not be taken", body = Validated),
        (status = 401, body = ErrorBody),
        (status = 422, description = "no `content`", body = ErrorBody),
    )
)]
pub(crate) async fn validate_format(
    _: Account,
    Params(query): Params<Draft>,
    Valid(body): Valid<Draft>,
) -> Answer<Json<Validated>> {
    let text = body.content.or(query.content).ok_or_else(|| Error::field("content", "is required"))?;
    let (error, stored) = match content::typed(&text) {
        Ok(stored) => (None, stored),
        // no more than a message can have is looked through
        Err(why) => (Some(why), text.chars().take(LENGTH).collect()),
    };
    Ok(Json(Validated {
        valid: error.is_none(),
        error,
        formatting: content::formatting(&stored),
        mentions: content::mentions(&stored),
        sanitized_content: stored,
    }))
}
