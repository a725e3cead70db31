//! API Gateway HTTP events become calls of an axum router.

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

/// Bytes of a JSON body. The largest field is speaker notes of 50,000 characters.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// A door for a subject's router. Routes are written canonically (`/v1/…`); the other prefixes, a trailing slash, CORS,
/// CSRF, idempotency, errors and the log line are added here, once.
pub fn function(app: &App, router: Router) -> LambdaFunction {
    let router = router
        .fallback(|| async { ApiError::unknown_path() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() });
    // An outer router whose only route is the inner one: layers run before the inner one looks at the path.
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
                    let Ok(answer) = whole.oneshot(request.map(to_axum_body)).await;
                    let (parts, body) = answer.into_parts();
                    // whether it travels as text or base64 the adapter decides by content type
                    let body = to_bytes(body, usize::MAX).await?;
                    Ok::<_, axum::Error>(Response::from_parts(parts, lambda_http::Body::from(body.to_vec())))
                }
            });
            let answer = Adapter::from(service).oneshot(LambdaEvent::new(request, context)).await?;
            Ok(serde_json::to_value(answer)?)
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

/// API Gateway's id of this request, so that a screenshot finds the log line.
pub(crate) fn request_id<B>(request: &Request<B>) -> String {
    match request.extensions().get::<lambda_http::request::RequestContext>() {
        Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => {
            context.request_id.clone().unwrap_or_default()
        }
        _ => String::new(),
    }
}
