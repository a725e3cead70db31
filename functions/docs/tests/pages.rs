//! The function `api-docs` without a table. Only `/ready` reads one.

#![expect(clippy::unwrap_used, reason = "helpers outside of test functions; a panic fails the test")]

use entry::{Clock, Environment};
use serde_json::json;
use testkit::{FunctionClient, TestResponse, function_environment_at};

async fn api() -> FunctionClient {
    api_with(&[]).await
}

async fn api_with(more: &[(&str, &str)]) -> FunctionClient {
    // No process listens on the discard port.
    let mut variables = function_environment_at("http://127.0.0.1:9").unwrap();
    let own = [("PUBLIC_URL", "https://api.example.com"), ("SOCKET_URL", "wss://socket.example.com")];
    variables.extend(own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    FunctionClient::new(docs::api(Environment::new(variables, Clock::system())).await.unwrap())
}

async fn send(client: &FunctionClient, method: &str, path: &str) -> TestResponse {
    client.request(method, path).send().await
}

#[tokio::test]
async fn the_root_and_health_pages_respond() {
    let function = api().await;
    let home = send(&function, "GET", "/").await;
    assert_eq!((home.status, &home.body["name"]), (200, &json!("Colloquy")));
    assert_eq!(home.body["docs"], "https://api.example.com/docs");
    for path in ["/health", "/health/", "/v1/health", "/api/health", "/api/v1/health"] {
        let health = send(&function, "GET", path).await;
        assert_eq!((health.status, &health.body["status"]), (200, &json!("healthy")), "{path}");
        assert_eq!(health.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn readiness_fails_without_a_table() {
    let ready = send(&api().await, "GET", "/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.body["code"], "SERVICE_UNAVAILABLE");
    assert!(ready.body["message"].as_str().unwrap().contains("the table"));
    assert_eq!(ready.headers["retry-after"], "1");
}

#[tokio::test]
async fn the_openapi_document_and_swagger_ui_are_served() {
    let function = api().await;
    let document = send(&function, "GET", "/openapi.json").await;
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.headers["cache-control"], "public, max-age=300");
    assert_eq!(document.body["servers"], json!([{"url": "https://api.example.com"}]));
    for path in ["/docs", "/docs/"] {
        let page = send(&function, "GET", path).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.headers["content-type"], "text/html");
        assert!(page.header("content-security-policy").contains("script-src 'self';"));
        assert!(page.text.contains("\"/docs/swagger-ui-bundle.js\""));
    }
    let script = send(&function, "GET", "/docs/swagger-initializer.js").await;
    assert!(script.text.contains("/openapi.json"));
    let picture = send(&function, "GET", "/docs/favicon-32x32.png").await;
    assert_eq!((picture.status, picture.base64), (200, true));
}

#[tokio::test]
async fn the_reference_pages_are_served() {
    let function = api().await;
    let document = send(&function, "GET", "/asyncapi.json").await;
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(document.body["servers"]["socket"]["host"], "socket.example.com");
    let home = send(&function, "GET", "/").await.body;
    for (link, path, shown) in
        [("redoc", "/redoc", "/openapi.json"), ("events", "/redoc/events", "/asyncapi.json")]
    {
        assert_eq!(home[link], format!("https://api.example.com{path}"));
        let page = send(&function, "GET", path).await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        let html = &page.text;
        assert!(html.contains(&format!("spec-url=\"{shown}\" disable-telemetry=\"true\"")), "{html}");
        // The page loads nothing from another origin and sends nothing there.
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let elsewhere: Vec<&str> = policy.split([' ', ';']).filter(|source| source.contains("//")).collect();
        assert_eq!(elsewhere, ["https://api.example.com"], "{policy}");
        let (_, script) = html.split_once("src=\"").unwrap();
        let script = send(&function, "GET", script.split_once('"').unwrap().0).await;
        assert_eq!((script.status, script.base64), (200, true));
        assert_eq!(script.headers["content-encoding"], "gzip");
        assert_eq!(script.headers["cache-control"], "public, max-age=31536000, immutable");
        // The limit of a Lambda response.
        let whole = script.text.len() + script.headers.to_string().len() + 1024;
        assert!(whole < 6 * 1024 * 1024, "{whole}");
    }
    assert_eq!(send(&function, "GET", "/redoc/redoc-0.0.0.js").await.status, 404);
}

#[tokio::test]
async fn documents_are_hidden_when_show_docs_is_off() {
    let function = api_with(&[("SHOW_DOCS", "false")]).await;
    for path in
        ["/docs", "/docs/swagger-ui-bundle.js", "/redoc", "/redoc/events", "/openapi.json", "/asyncapi.json"]
    {
        assert_eq!(send(&function, "GET", path).await.status, 404, "{path}");
    }
    for path in ["/", "/health", "/v1/health", "/reset", "/sign-in", "/verify", "/unsubscribe", "/invitation"]
    {
        assert_eq!(send(&function, "GET", path).await.status, 200, "{path}");
    }
    let home = send(&function, "GET", "/").await.body;
    assert!(home["docs"].is_null() && home["asyncapi"].is_null() && home["health"].is_string(), "{home}");
}

#[tokio::test]
async fn pages_for_people_are_complete_and_safe() {
    let function = api().await;
    let rows = [
        ("/reset", "/v1/auth/password-reset/confirm"),
        ("/sign-in", "/v1/auth/login"),
        ("/invitation", "/v1/auth/register"),
        ("/verify", "/v1/auth/email-verification/link"),
        ("/unsubscribe", "/v1/notifications/unsubscribe"),
        ("/", "<a id=\"docs\""),
    ];
    for (path, part) in rows {
        let page = function
            .request("GET", path)
            .header("accept", "text/html,application/xhtml+xml;q=0.9")
            .send()
            .await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{path}");
        assert_eq!(page.headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{path}");
        let html = &page.text;
        assert!(html.contains(part), "{path}: {html}");
        // The policy would refuse these attributes.
        for attribute in [" style=", " onclick=", " onsubmit=", " src="] {
            assert!(!html.contains(attribute), "{path}: {attribute}");
        }
        let policy = page.header("content-security-policy");
        // This is the hash of an empty text, which would mean that the page has no such element.
        assert!(!policy.contains("47DEQpj8HBSa"), "{path}: {policy}");
        assert!(
            policy.contains("script-src 'sha256-") && policy.contains("connect-src 'self';"),
            "{path}: {policy}"
        );
    }
    assert_eq!(send(&function, "POST", "/reset").await.status, 405);
    let home = function.request("GET", "/").header("accept", "application/json").send().await;
    assert_eq!(home.headers["vary"], "accept, origin");
    assert_eq!(home.body["name"], "Colloquy");
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let function = api().await;
    for path in ["/nothing", "/v1/nothing", "/docs/nothing.js", "/docs/..%2f..%2fCargo.toml", "/v1", "/api"] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = send(&function, method, path).await;
            let error = answer.body;
            let expected = if method != "GET" && path.starts_with("/docs/") { 405 } else { 404 };
            assert_eq!((answer.status, &error["status_code"]), (expected, &json!(expected)), "{path}");
            assert_eq!(error["request_id"], "r-1");
        }
    }
    assert_eq!(send(&function, "POST", "/health").await.status, 405);
}
