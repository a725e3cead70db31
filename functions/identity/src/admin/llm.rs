use axum::{Extension, Json};
use entry::{
    Environment,
    http::{AdminCaller, ApiResult, ErrorBody},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What answers questions, as this deployment is set up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ModelSettings {
    /// `extractive` is built in and needs no key.
    #[schema(example = "extractive")]
    pub(super) provider: String,
    /// `null` is the provider's usual one.
    model: Option<String>,
    /// Who answers when the provider fails; `null` is nobody: questions wait for the presenter.
    #[schema(example = "extractive")]
    fallback_provider: Option<String>,
    /// Whether the provider is asked at another address than its usual one; which one stays in the deployment.
    url_is_set: bool,
    /// Whether a key is set; the key itself nobody is shown.
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

/// Which model answers
///
/// To be read only. What answers is a parameter of the deployment (`ModelProvider` and its neighbours in `template.yaml`),
/// which is the one description of the system: a second one here would be undone by the next deploy, unseen. The key is in
/// Secrets Manager, and `worker-answers` alone is given it; so there is no test call from here either. A question to the
/// assistant in a session of one's own tries it.
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
