//! The configuration of the model, read-only.
//!
//! The alternative, changing it by API, was rejected. The template is the one description of the system, and the next
//! deployment would undo the change unnoticed. A test call was rejected too, because only `worker-answers` may read the
//! key in Secrets Manager.
use axum::{Extension, Json};
use entry::{
    Environment,
    http::{AdminCaller, ApiResult, ErrorBody},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The model that answers questions, as the deployment configures it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ModelSettings {
    /// The provider. `extractive` is built in and needs no key.
    #[schema(example = "extractive")]
    pub(super) provider: String,
    /// The model. `null` means the provider's default.
    model: Option<String>,
    /// The provider that answers if the first one fails. `null` means none, and questions wait for the presenter.
    #[schema(example = "extractive")]
    fallback_provider: Option<String>,
    /// Whether requests go to another URL than the provider's own. The response does not contain the URL.
    url_is_set: bool,
    /// Whether a key is configured. The response does not contain the key.
    has_key: bool,
}

impl ModelSettings {
    pub(super) fn from_environment(environment: &Environment) -> Self {
        Self {
            provider: environment.get("MODEL_PROVIDER").unwrap_or("extractive").to_owned(),
            model: environment.get("MODEL_NAME").map(ToOwned::to_owned),
            fallback_provider: Some(environment.get("MODEL_FALLBACK").unwrap_or("extractive"))
                .filter(|fallback| *fallback != "none")
                .map(ToOwned::to_owned),
            url_is_set: environment.get("MODEL_URL").is_some(),
            has_key: environment.get("MODEL_KEY_SECRET").is_some(),
        }
    }
}

/// Get the model configuration
///
/// Returns the configuration of the model that answers questions. It is read-only, because the parameters of the
/// deployment decide, such as `ModelProvider` and `ModelName`. To test the model, ask the assistant a question in a
/// session of your own. For admins.
#[utoipa::path(
    get,
    path = "/v1/admin/llm",
    tag = "admin",
    operation_id = "admin_get_llm",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ModelSettings),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn admin_get_llm(
    _staff: AdminCaller,
    Extension(llm): Extension<ModelSettings>,
) -> ApiResult<Json<ModelSettings>> {
    Ok(Json(llm))
}
