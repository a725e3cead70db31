//! Converts HTTP events of API Gateway to calls of an axum router.

mod accepts_html;
mod caller;
mod canonical_path;
mod clearable;
mod cors;
mod csrf;
mod entity_tag;
mod error;
mod idempotency;
mod input;
mod observe;
mod page_numbers;
mod path_id;
mod rate_limit;
mod request;
mod response;

use aws_lambda_events::apigw::ApiGatewayV2httpRequestContext as GatewayRequestContext;
use axum::{Router, middleware::from_fn_with_state};
use http::Request;
use tower::ServiceExt;

use crate::{App, LambdaFunction};

pub use accepts_html::accepts_html;
pub use caller::{
    ACCESS_COOKIE, AccountCaller, AdminCaller, Caller, GuestCaller, ModeratorCaller, REFRESH_COOKIE,
    ReceivedAt, RequestSource, StaffCaller, SuperAdminCaller, authenticate_account, bearer_token,
    cookie_value,
};
pub use canonical_path::WithoutTrailingSlash;
pub use clearable::{Clearable, clearable};
pub use csrf::CSRF_HEADER;
pub use entity_tag::{EntityTag, IfMatch};
pub use error::{ApiError, ApiResult, ErrorBody};
pub use input::{ListQuery, ValidJson, ValidQuery};
pub use page_numbers::PageNumbers;
pub use path_id::{PathId, PathIds};
pub use rate_limit::{enforce_rate_limits, network_key};

/// The maximum size of a JSON body in bytes. The largest field has 50,000 characters (speaker notes).
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Makes the function of a domain's router. Routes have their canonical form (`/v1/…`). Other prefixes, trailing
/// slashes, CORS, CSRF protection, idempotency, errors and the log line are added here.
pub fn function(app: &App, router: Router) -> LambdaFunction {
    let router = router
        .fallback(|| async { ApiError::unknown_path() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() });
    // the outer router has only the inner one as its route, so that the layers run before a path is matched
    let whole = Router::new()
        .fallback_service(router)
        .layer(from_fn_with_state(app.clone(), idempotency::layer))
        .layer(from_fn_with_state(app.clone(), csrf::layer))
        .layer(from_fn_with_state(app.clone(), cors::layer))
        .layer(from_fn_with_state(app.clone(), observe::layer))
        .layer(axum::middleware::map_request(canonical_path::canonicalize));
    LambdaFunction::new(move |event, _| {
        let whole = whole.clone();
        async move {
            let request = request::request_from_event(serde_json::from_value(event)?)?;
            let Ok(response) = whole.oneshot(request).await;
            Ok(response::response_payload(response).await?)
        }
    })
}

/// Returns API Gateway's id of the request, which connects a user's report with the log line.
pub(crate) fn request_id<B>(request: &Request<B>) -> String {
    let context = request.extensions().get::<GatewayRequestContext>();
    context.and_then(|context| context.request_id.clone()).unwrap_or_default()
}
