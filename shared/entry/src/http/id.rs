//! The id in a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use model::{Error, LoginId, ParticipantId, PresentationId, ResponseId, SessionId, SlideId, UserId};

use super::error::Failure;
use crate::App;

/// The `{id}` of a path. One that cannot be an id names nothing: 404 of that thing, as for an unknown one.
#[derive(Clone, Copy, Debug)]
pub struct Id<T>(pub T);

/// What an id names, for people.
pub trait Named: FromStr {
    const NAME: &'static str;
}

macro_rules! named {
    ($($id:ty = $name:literal,)*) => { $(impl Named for $id { const NAME: &'static str = $name; })* };
}

named! {
    LoginId = "log-in",
    ParticipantId = "participant",
    PresentationId = "presentation",
    ResponseId = "response",
    SessionId = "session",
    SlideId = "slide",
    UserId = "user",
}

impl<T: Named> FromRequestParts<App> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let unknown = Error::NotFound(T::NAME);
        let Ok(params) = RawPathParams::from_request_parts(parts, app).await else {
            return Err(unknown.into());
        };
        let id = params.iter().find(|(name, _)| *name == "id").and_then(|(_, text)| text.parse().ok());
        id.map(Self).ok_or(unknown.into())
    }
}
