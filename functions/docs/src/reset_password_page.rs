//! `/reset`, the page behind the link in the mail of a password reset. The page is the same for every token. Its script
//! reads the token from the URL and sends it with the new password to `/v1/auth/password-reset/confirm`.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    let body = include_str!("reset_password_page.html");
    HtmlPage::compose_form("Choose a new password", body, include_str!("reset_password_page.js"))
});

pub(crate) async fn get_reset_password_page() -> Response {
    PAGE.into_response()
}
