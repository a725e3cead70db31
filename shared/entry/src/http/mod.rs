//! Converts HTTP events of API Gateway to calls of an axum router.

mod accepts_html;
mod caller;
mod canonical_path;
mod clearable;
mod cors;
mod csrf;
mod error;
mod idempotency;
mod input;
mod observe;
mod page_numbers;
mod path_id;
mod rate_limit;

use axum::{
    Router,
    body::{Body, to_bytes},
    middleware::from_fn_with_state,
};
use http::{Request, Response};
use lambda_http::{Adapter, request::LambdaRequest, service_fn};
use lambda_runtime::LambdaEvent;
use tower::ServiceExt;

use crate::{App, LambdaFunction};

pub use accepts_html::accepts_html;
pub use caller::{
    ACCESS_COOKIE, AccountCaller, AdminCaller, Caller, GuestCaller, ModeratorCaller, REFRESH_COOKIE,
    ReceivedAt, RequestSource, StaffCaller, SuperAdminCaller, authenticate_account, bearer_token,
    cookie_value,
};
pub use clearable::{Clearable, clearable};
pub use csrf::CSRF_HEADER;
pub use error::{ApiError, ApiResult, ErrorBody};
pub use input::{ListQuery, ValidJson, ValidQuery};
pub use page_numbers::PageNumbers;
pub use path_id::{PathId, PathIds};
pub use rate_limit::enforce_rate_limits;

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
    LambdaFunction::new(move |event, context| {
        let whole = whole.clone();
        async move {
            let request: LambdaRequest = serde_json::from_value(event)?;
            let service = service_fn(move |request: lambda_http::Request| {
                let whole = whole.clone();
                async move {
                    let Ok(response) = whole.oneshot(request.map(to_axum_body)).await;
                    let (parts, body) = response.into_parts();
                    // the adapter decides by content type whether the body is text or base64
                    let body = to_bytes(body, usize::MAX).await?;
                    Ok::<_, axum::Error>(Response::from_parts(parts, lambda_http::Body::from(body.to_vec())))
                }
            });
            let response = Adapter::from(service).oneshot(LambdaEvent::new(request, context)).await?;
            Ok(serde_json::to_value(response)?)
        }
    })
}

fn to_axum_body(body: lambda_http::Body) -> Body {
    match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    }
}

/// Returns API Gateway's id of the request, which connects a user's report with the log line.
pub(crate) fn request_id<B>(request: &Request<B>) -> String {
    match request.extensions().get::<lambda_http::request::RequestContext>() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => {
            context.request_id.clone().unwrap_or_default()
        }
        _ => String::new(),
    }
}
