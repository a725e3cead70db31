//! What someone is told of while they are away.
//!
//! | what | file |
//! | --- | --- |
//! | how one wants to be told | [`preferences`] |
//! | who is mentioned is told, and written to later if they do not read it | [`mention`] |

pub(crate) mod mention;
mod preferences;

use entry::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preferences::get_preferences, preferences::put_preferences))
}
