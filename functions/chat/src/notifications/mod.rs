//! Notifications of users: mentions, and the digest of mentions that they missed.
//!
//! | subject | file |
//! | --- | --- |
//! | a user's preferences | [`preferences`] |
//! | notifying a mentioned user and scheduling the digest | [`mention`] |

pub(crate) mod mention;
mod preferences;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preferences::get_preferences, preferences::put_preferences))
}
