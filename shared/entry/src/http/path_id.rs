//! The ids in a path. A segment that is not an id answers 404 like an unknown id.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use model::{Error, id::ResourceId};

use super::error::ApiError;

/// The `{id}` of a path.
#[derive(Clone, Copy, Debug)]
pub struct PathId<T>(pub T);

/// The `{id}` of a path and a second id. It is found by the name of its type, for example `{slide_id}` for
/// a `SlideId`. Positions were rejected, because two swapped ids would not be noticed.
#[derive(Clone, Copy, Debug)]
pub struct PathIds<A, B>(pub A, pub B);

impl<S: Send + Sync, T: ResourceId> FromRequestParts<S> for PathId<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(PathSegments::of::<T, S>(parts, state).await?.first()?))
    }
}

impl<S: Send + Sync, A: ResourceId, B: ResourceId> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let segments = PathSegments::of::<A, S>(parts, state).await?;
        Ok(Self(segments.first()?, segments.named()?))
    }
}

struct PathSegments(RawPathParams);

impl PathSegments {
    /// Reads the segments. If they cannot be read, the error names the resource `T`.
    async fn of<T: ResourceId, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        params.map(Self).map_err(|_| Error::NotFound(T::WHAT))
    }

    fn first<T: ResourceId>(&self) -> Result<T, Error> {
        self.find_segment(|name| name == "id")
    }

    fn named<T: ResourceId>(&self) -> Result<T, Error> {
        self.find_segment(|name| name.strip_suffix("_id") == Some(T::WHAT))
    }

    fn find_segment<T: ResourceId>(&self, matches: impl Fn(&str) -> bool) -> Result<T, Error> {
        let mut texts = self.0.iter().filter(|(name, _)| matches(name)).map(|(_, text)| text);
        // a missing segment is a mistake in the route, not an unknown id
        let text = texts.next().ok_or_else(|| Error::internal(format!("no {} in this path", T::WHAT)))?;
        text.parse().map_err(|_| Error::NotFound(T::WHAT))
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        routing::get,
    };
    use http::{Request, StatusCode};
    use model::{SessionId, SlideId};
    use tower::ServiceExt;

    use super::*;

    const ONE: &str = "00000000-0000-0000-0000-000000000001";
    const TWO: &str = "00000000-0000-0000-0000-000000000002";

    async fn ask(path: &str) -> (StatusCode, String) {
        let one = |PathId(session): PathId<SessionId>| async move { session.to_string() };
        let two = |PathIds(session, slide): PathIds<SessionId, SlideId>| async move {
            format!("{session} {slide}")
        };
        let router = Router::new()
            .route("/sessions/{id}", get(one))
            .route("/sessions/{id}/slides/{slide_id}", get(two))
            .route("/slides/{slide_id}/of/{id}", get(two))
            .route("/sessions/{id}/people/{person_id}", get(two));
        let answer = router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn ids_are_found_by_the_names_of_their_types() {
        let both = (StatusCode::OK, format!("{ONE} {TWO}"));
        assert_eq!(ask(&format!("/sessions/{ONE}")).await, (StatusCode::OK, ONE.to_owned()));
        assert_eq!(ask(&format!("/sessions/{ONE}/slides/{TWO}")).await, both);
        assert_eq!(ask(&format!("/slides/{TWO}/of/{ONE}")).await, both);
    }

    #[tokio::test]
    async fn an_invalid_id_is_not_found() {
        let absent = [
            ("/sessions/1".to_owned(), "session"),
            ("/sessions/%ff".to_owned(), "session"),
            (format!("/sessions/1/slides/{TWO}"), "session"),
            (format!("/sessions/{ONE}/slides/2"), "slide"),
        ];
        for (path, what) in absent {
            let (status, body) = ask(&path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert!(body.contains(&Error::NotFound(what).to_string()), "{path}: {body}");
        }
        let (status, _) = ask(&format!("/sessions/{ONE}/people/{TWO}")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "a route that lacks the id is a bug");
    }
}
