//! `/sign-in`, where a page that needs an account sends a visitor without one. Its script logs in by `/v1/auth/login`,
//! which sets the cookies of this origin, and goes on to the path in `next`.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};

use crate::html_page::HtmlPage;

static PAGE: LazyLock<HtmlPage> = LazyLock::new(|| {
    HtmlPage::compose("Sign in", include_str!("sign_in_page.html"), include_str!("sign_in_page.js"))
});

pub(crate) async fn get_sign_in_page() -> Response {
    PAGE.into_response()
}
