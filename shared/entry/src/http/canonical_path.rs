//! Rewrites `/api/v1/…` and `/api/…` to `/v1/…` and removes trailing slashes.

use axum::body::Body;
use http::{Request, Uri, uri::PathAndQuery};

pub(super) async fn canonicalize(mut request: Request<Body>) -> Request<Body> {
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
    let trimmed = match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
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
}
