//! Rewrites `/api/v1/…` and `/api/…` to `/v1/…` and removes one trailing slash.
//!
//! Two trailing slashes are not one: the last segment of `/v1/auth/sessions//` is an id of `/` or an empty one, and its path must
//! not become that of the list.

use axum::{body::Body, extract::FromRequestParts};
use http::{Request, Uri, request::Parts, uri::PathAndQuery};

use super::error::ApiError;

/// Refuses a path with a trailing slash. It is an extractor for operations on a whole list that would be disastrous for one
/// element: `/v1/auth/sessions/` is also what is left of an empty id, and of `/v1/auth/sessions/%3Fx`, which API Gateway cuts
/// at the `?`.
#[derive(Clone, Copy, Debug)]
pub struct WithoutTrailingSlash;

/// Marks a request whose path had a trailing slash.
#[derive(Clone, Copy)]
struct TrailingSlash;

impl<S: Send + Sync> FromRequestParts<S> for WithoutTrailingSlash {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<TrailingSlash>() {
            Some(TrailingSlash) => Err(ApiError::unknown_path()),
            None => Ok(Self),
        }
    }
}

pub(super) async fn canonicalize(mut request: Request<Body>) -> Request<Body> {
    if request.uri().path().ends_with('/') {
        request.extensions_mut().insert(TrailingSlash);
    }
    if let Some(uri) = canonical_uri(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn canonical_uri(uri: &Uri) -> Option<Uri> {
    let path = canonical_path(uri.path());
    let whole = uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(whole).ok()?);
    Uri::from_parts(parts).ok()
}

fn canonical_path(path: &str) -> String {
    let trimmed = match path.strip_suffix('/') {
        Some("") | None => path,
        Some(trimmed) => trimmed,
    };
    match trimmed.strip_prefix("/api/") {
        Some(rest) if rest == "v1" || rest.starts_with("v1/") => format!("/{rest}"),
        Some(rest) => format!("/v1/{rest}"),
        None => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_path_becomes_canonical() {
        for path in ["/v1/a/b", "/v1/a/b/", "/api/v1/a/b", "/api/a/b/", "/api/a/b"] {
            assert_eq!(canonical_path(path), "/v1/a/b");
        }
        assert_eq!(canonical_path("/"), "/");
        assert_eq!(canonical_path("/docs/"), "/docs");
        assert_eq!(canonical_path("/apiary"), "/apiary");
        let uri: Uri = "https://host/api/a/?x=1".parse().unwrap();
        assert_eq!(canonical_uri(&uri).unwrap().path_and_query().unwrap(), "/v1/a?x=1");
    }

    #[test]
    fn an_empty_last_segment_is_not_the_parent() {
        assert_eq!(canonical_path("/v1/a//"), "/v1/a/");
        assert_eq!(canonical_path("//"), "/");
    }
}
