//! `/invitation`, the page behind the link in an invitation. Its form registers an account by `/v1/auth/register`. Opening the page uses
//! nothing up.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    let body = include_str!("invitation_page.html");
    HtmlPage::compose_form("Create your account", body, include_str!("invitation_page.js"))
});

pub(crate) async fn get_invitation_page() -> Response {
    PAGE.into_response()
}
