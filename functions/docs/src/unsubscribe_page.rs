//! `/unsubscribe`, the page behind the link in digests and mails of reports. Its button sends what a mail program sends by one click
//! (RFC 8058). Opening the page turns nothing off, because mail scanners open links.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    let body = include_str!("unsubscribe_page.html");
    HtmlPage::compose_form("Turn these mails off", body, include_str!("unsubscribe_page.js"))
});

pub(crate) async fn get_unsubscribe_page() -> Response {
    PAGE.into_response()
}
