//! `/verify`, the page behind the link in the mail that proves an address. Its button sends the token to
//! `/v1/auth/email-verification/link`. Opening the page confirms nothing, because mail scanners open links.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    let body = include_str!("verify_email_page.html");
    HtmlPage::compose_form("Confirm your e-mail address", body, include_str!("verify_email_page.js"))
});

pub(crate) async fn get_verify_email_page() -> Response {
    PAGE.into_response()
}
