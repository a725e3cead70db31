//! `ReDoc`, from its bundle in this binary. The alternative, the crate `utoipa-redoc`, loads the bundle from a CDN and
//! knows only the OpenAPI document.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};
use entry::{App, http::ApiResult};
use http::{HeaderName, header};
use model::Error;

/// The file name contains the version, so browsers may keep the file for a year.
const BUNDLE_FILE: &str = "redoc-3.0.1.js";

/// The bundle. `assets/README.md` names its source. It is sent compressed, as it is stored. Uncompressed, its 2.3 MB
/// would take almost half of a Lambda response.
const BUNDLE_GZIP: &[u8] = include_bytes!("../assets/redoc-3.0.1/redoc.standalone.js.gz");

const PAGE_TEMPLATE: &str = include_str!("redoc.html");

/// `/redoc`, the reference of the HTTP API.
pub(crate) async fn get_redoc_page(State(app): State<App>) -> impl IntoResponse {
    redoc_page(&app, "Colloquy API", "/openapi.json")
}

/// `/redoc/events`, the reference of the socket's messages.
pub(crate) async fn get_events_page(State(app): State<App>) -> impl IntoResponse {
    redoc_page(&app, "Colloquy events", "/asyncapi.json")
}

fn redoc_page(app: &App, title: &str, document: &str) -> ([(HeaderName, String); 2], Html<String>) {
    let html =
        PAGE_TEMPLATE.replace("TITLE", title).replace("DOCUMENT", document).replace("BUNDLE", BUNDLE_FILE);
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=3600".to_owned()),
        (header::CONTENT_SECURITY_POLICY, content_security_policy(&app.settings.public_url)),
    ];
    (headers, Html(html))
}

/// Permits the bundle and the documents. The bundle would load its makers' logo from a CDN and report its use. The
/// policy refuses both, and the page turns the reports off.
fn content_security_policy(public_url: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' {public_url}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

pub(crate) async fn get_redoc_file(Path(file): Path<String>) -> ApiResult<Response> {
    if file != BUNDLE_FILE {
        return Err(Error::NotFound("this page").into());
    }
    let headers = [
        (header::CONTENT_TYPE, "text/javascript"),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, BUNDLE_GZIP).into_response())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_bundle_is_the_published_one() {
        let mut bundle = Vec::new();
        GzDecoder::new(BUNDLE_GZIP).read_to_end(&mut bundle).unwrap();
        assert_eq!(
            format!("{:x}", Sha256::digest(&bundle)),
            "8c70c2de83d33e33a75b225e573d6d9fe851f066f824b44b1637d831d52d7543"
        );
        assert!(String::from_utf8_lossy(&bundle[..300]).contains("Version: 3.0.1"));
    }
}
