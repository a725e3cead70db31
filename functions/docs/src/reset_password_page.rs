//! `/reset`, the page behind the link in the mail of a password reset. The page is the same for every token. Its script
//! reads the token from the URL and sends it with the new password to `/v1/auth/password-reset/confirm`.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::header;
use sha2::{Digest, Sha256};

const PAGE_HTML: &str = include_str!("reset_password_page.html");

/// Permits the page's script, its style and requests to its own origin. No form can send a password in a URL.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let script = csp_hash("script");
    let style = csp_hash("style");
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
});

/// Returns the page. The default headers forbid caches to store it (`Cache-Control`) and its URL to be sent to other
/// origins (`Referrer-Policy`).
pub(crate) async fn get_reset_password_page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY.as_str())], Html(PAGE_HTML))
}

/// Returns the hash of an element of the page, as the policy contains it.
fn csp_hash(element: &str) -> String {
    let inside = PAGE_HTML.split_once(&format!("<{element}>")).map_or("", |(_, rest)| rest);
    let inside = inside.split_once(&format!("</{element}>")).map_or("", |(inside, _)| inside);
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(inside)))
}
