//! `/reset`: where the link in the mail leads. The page is the same for every token; its script reads it from the URL and
//! sends it with the new password to `/v1/auth/password-reset/confirm`.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::header;
use sha2::{Digest, Sha256};

const PAGE_HTML: &str = include_str!("reset_password_page.html");

/// This script and this style, and requests to where the page is from; no form may send a password into a URL.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let script = csp_hash("script");
    let style = csp_hash("style");
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
});

/// Not kept and not named to others (`Cache-Control`, `Referrer-Policy`), as everything that does not say otherwise.
pub(crate) async fn get_reset_password_page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY.as_str())], Html(PAGE_HTML))
}

/// What a policy calls the one element of this name.
fn csp_hash(element: &str) -> String {
    let inside = PAGE_HTML.split_once(&format!("<{element}>")).map_or("", |(_, rest)| rest);
    let inside = inside.split_once(&format!("</{element}>")).map_or("", |(inside, _)| inside);
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(inside)))
}
