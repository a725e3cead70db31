//! The pages that people open: one look, everything inline, and a policy that permits nothing else.

use axum::response::{Html, IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::header;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");
/// The part of the script that all pages with a form share.
const FORM_SCRIPT: &str = include_str!("form.js");

/// A page with its content security policy.
pub(crate) struct HtmlPage {
    html: String,
    policy: String,
}

impl HtmlPage {
    /// Composes a page with one form, whose script is preceded by what all of them do.
    pub(crate) fn compose_form(title: &str, body: &str, script: &str) -> Self {
        Self::compose(title, body, &format!("{FORM_SCRIPT}{script}"))
    }

    /// Composes a page. `body` and `script` are parts of this binary, and contain nothing from a request.
    pub(crate) fn compose(title: &str, body: &str, script: &str) -> Self {
        let html = format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · Colloquy</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="name">Colloquy</p>
{body}</main>
<script>{script}</script>
</body>
</html>
"#
        );
        // Permits the page's script, its style and requests to its own origin. No form can send a password in a URL.
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            csp_hash(script),
            csp_hash(STYLE)
        );
        Self { html, policy }
    }
}

impl IntoResponse for &HtmlPage {
    /// The default headers forbid caches to store the page (`Cache-Control`) and its URL to be sent to other origins
    /// (`Referrer-Policy`).
    fn into_response(self) -> Response {
        ([(header::CONTENT_SECURITY_POLICY, self.policy.clone())], Html(self.html.clone())).into_response()
    }
}

fn csp_hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
