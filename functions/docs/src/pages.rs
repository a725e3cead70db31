//! Swagger UI, from assets in this binary. Nothing is loaded from elsewhere, so the page works without the internet,
//! and its content security policy permits only this origin.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use entry::{App, http::ApiResult};
use http::header;
use model::Error;
use utoipa_swagger_ui::{Config, serve};

/// `/docs`, the page.
pub(crate) async fn get_index(State(app): State<App>) -> ApiResult<Response> {
    page_response(&app, "index.html")
}

/// `/docs/{file}`, the assets of the page.
pub(crate) async fn get_page_file(State(app): State<App>, Path(file): Path<String>) -> ApiResult<Response> {
    page_response(&app, &file)
}

fn page_response(app: &App, file: &str) -> ApiResult<Response> {
    let config = Config::from("/openapi.json").try_it_out_enabled(true).persist_authorization(true);
    let served = serve(file, Arc::new(config)).map_err(|error| Error::internal(error.to_string()))?;
    let asset = served.ok_or(Error::NotFound("this page"))?;
    let bytes = match file {
        "index.html" => with_base_url(&asset.bytes),
        "swagger-initializer.js" => with_csrf_header(&asset.bytes),
        _ => asset.bytes.into_owned(),
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=3600".to_owned()),
        (header::CONTENT_SECURITY_POLICY, content_security_policy(&app.settings.public_url)),
    ];
    Ok((headers, bytes).into_response())
}

/// Corrects the page's relative URLs. The page is at `/docs`, and its assets are below `/docs/`.
fn with_base_url(page: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(page)
        .replace("=\"./", "=\"/docs/")
        .replace("=\"index.css", "=\"/docs/index.css")
        .replace("<title>Swagger UI", "<title>Colloquy API")
        .into_bytes()
}

/// Adds the proof that a write with cookies needs. The first request to register or log in sets cookies, and the browser
/// sends them with every later request of the page.
fn with_csrf_header(script: &[u8]) -> Vec<u8> {
    let bundle = "SwaggerUIBundle({";
    let interceptor =
        "\n  requestInterceptor: (request) => { request.headers[\"x-csrf\"] = \"1\"; return request; },";
    String::from_utf8_lossy(script).replacen(bundle, &format!("{bundle}{interceptor}"), 1).into_bytes()
}

/// Permits the page's own assets, and requests to this API, which may have another origin.
fn content_security_policy(public_url: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self' {public_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_page_is_in_this_binary() {
        let asset = |file: &str| serve(file, Arc::new(Config::from("/openapi.json"))).unwrap();
        let page = String::from_utf8(with_base_url(&asset("index.html").unwrap().bytes)).unwrap();
        let parts: Vec<&str> = page
            .split(['"'])
            .filter(|text| {
                text.contains('/')
                    && !text.contains('<')
                    && !text.contains("image/")
                    && !text.contains("text/")
            })
            .collect();
        assert!(parts.len() >= 7, "{parts:?}");
        for part in parts {
            let file = part.strip_prefix("/docs/").unwrap_or_else(|| panic!("{part} is elsewhere"));
            assert!(asset(file).is_some(), "{file}");
        }
        let start = String::from_utf8(asset("swagger-initializer.js").unwrap().bytes.into_owned()).unwrap();
        assert!(start.contains("\"/openapi.json\"") && !start.contains("petstore"), "{start}");
        let start = String::from_utf8(with_csrf_header(start.as_bytes())).unwrap();
        assert_eq!(start.matches("request.headers[\"x-csrf\"] = \"1\"").count(), 1, "{start}");
    }
}
