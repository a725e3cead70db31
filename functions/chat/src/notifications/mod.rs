//! Notifications of users: mentions, and the digest of mentions that they missed.
//!
//! | subject | file |
//! | --- | --- |
//! | a user's preferences | [`preferences`] |
//! | turning off a kind of e-mail by its link | [`unsubscribe`] |
//! | notifying a mentioned user and scheduling the digest | [`mention`] |

pub(crate) mod mention;
mod preferences;
mod unsubscribe;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(preferences::get_preferences, preferences::put_preferences))
        .routes(routes!(unsubscribe::unsubscribe, unsubscribe::open_unsubscribe_page))
}
