use axum::{Extension, Json};
use entry::{
    Environment,
    http::{Admin, Answer, ErrorBody},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What answers questions, as this deployment is set up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ModelSettings)]
pub(crate) struct Llm {
    /// `extractive` is built in and needs no key.
    #[schema(example = "extractive")]
    pub(super) provider: String,
    /// `null` is the provider's usual one.
    model: Option<String>,
    /// Whether a key is set; the key itself nobody is shown.
    has_key: bool,
}

impl Llm {
    pub(super) fn read(environment: &Environment) -> Self {
        Self {
            provider: environment.get("MODEL_PROVIDER").unwrap_or("extractive").to_owned(),
            model: environment.get("MODEL_NAME").map(ToOwned::to_owned),
            has_key: environment.get("MODEL_KEY_SECRET").is_some(),
        }
    }
}

/// Which model answers; it is set where the system is deployed, with its key in a secret
#[utoipa::path(
    get,
    path = "/v1/admin/llm",
    tag = "admin",
    operation_id = "admin_get_llm",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Llm),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
    )
)]
pub(crate) async fn get_llm(_staff: Admin, Extension(llm): Extension<Llm>) -> Answer<Json<Llm>> {
    Ok(Json(llm))
}
