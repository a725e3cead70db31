//! The door `api-docs`, without a table: nothing here but `/ready` asks one.

#![expect(clippy::unwrap_used, reason = "a test kit outside of test functions; a panic is a failed test")]

use std::collections::BTreeMap;

use entry::{Clock, Door, Environment};
use serde_json::{Value, json};

async fn door() -> Door {
    door_with(&[]).await
}

async fn door_with(more: &[(&str, &str)]) -> Door {
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        // the discard port: nobody answers there
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9"),
        ("TABLE", "table"),
        ("SESSIONS_QUEUE_URL", "http://127.0.0.1:9"),
        ("TICKS_QUEUE_URL", "http://127.0.0.1:9"),
        ("BROADCAST_QUEUE_URL", "http://127.0.0.1:9"),
        ("MAIL_QUEUE_URL", "http://127.0.0.1:9"),
        ("SIGNING_SECRET", "a-secret-of-tests-that-has-more-than-32-characters"),
        ("PUBLIC_URL", "https://api.example.com"),
        ("SOCKET_URL", "wss://socket.example.com"),
        ("SOCKET_ENDPOINT", "http://127.0.0.1:9"),
    ];
    let variables: BTreeMap<String, String> =
        variables.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    docs::api(Environment::of(variables, Clock::system())).await.unwrap()
}

async fn send(door: &Door, method: &str, path: &str) -> Value {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": {"host": "localhost"},
        "requestContext": {
            "accountId": "1", "apiId": "1", "domainName": "localhost", "domainPrefix": "localhost",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test",
            },
            "requestId": "r-1", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_000_000_000_i64,
        },
        "isBase64Encoded": false,
    });
    door.call(event, lambda_runtime::Context::default()).await.unwrap()
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn what_this_is_and_that_it_lives() {
    let door = door().await;
    let home = send(&door, "GET", "/").await;
    assert_eq!((&home["statusCode"], &body(&home)["name"]), (&json!(200), &json!("Colloquy")));
    assert_eq!(body(&home)["docs"], "https://api.example.com/docs");
    for path in ["/health", "/health/", "/v1/health", "/api/health", "/api/v1/health"] {
        let health = send(&door, "GET", path).await;
        assert_eq!(
            (&health["statusCode"], &body(&health)["status"]),
            (&json!(200), &json!("healthy")),
            "{path}"
        );
        assert_eq!(health["headers"]["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn it_is_not_ready_without_a_table() {
    let ready = send(&door().await, "GET", "/ready").await;
    assert_eq!(ready["statusCode"], 503);
    assert_eq!(body(&ready)["code"], "SERVICE_UNAVAILABLE");
    assert!(body(&ready)["message"].as_str().unwrap().contains("the table"));
    assert_eq!(ready["headers"]["retry-after"], "1");
}

#[tokio::test]
async fn the_document_and_its_page() {
    let door = door().await;
    let document = send(&door, "GET", "/openapi.json").await;
    assert_eq!(document["headers"]["content-type"], "application/json");
    assert_eq!(document["headers"]["cache-control"], "public, max-age=300");
    assert_eq!(body(&document)["servers"], json!([{"url": "https://api.example.com"}]));
    for path in ["/docs", "/docs/"] {
        let page = send(&door, "GET", path).await;
        assert_eq!(page["statusCode"], 200);
        assert_eq!(page["headers"]["content-type"], "text/html");
        assert!(page["headers"]["content-security-policy"].as_str().unwrap().contains("script-src 'self';"));
        assert!(page["body"].as_str().unwrap().contains("\"/docs/swagger-ui-bundle.js\""));
    }
    let script = send(&door, "GET", "/docs/swagger-initializer.js").await;
    assert!(script["body"].as_str().unwrap().contains("/openapi.json"));
    let picture = send(&door, "GET", "/docs/favicon-32x32.png").await;
    assert_eq!((&picture["statusCode"], &picture["isBase64Encoded"]), (&json!(200), &json!(true)));
}

#[tokio::test]
async fn the_documents_to_read() {
    let door = door().await;
    let document = send(&door, "GET", "/asyncapi.json").await;
    assert_eq!(document["headers"]["content-type"], "application/json");
    assert_eq!(body(&document)["servers"]["socket"]["host"], "socket.example.com");
    let home = body(&send(&door, "GET", "/").await);
    for (link, path, shown) in
        [("redoc", "/redoc", "/openapi.json"), ("events", "/redoc/events", "/asyncapi.json")]
    {
        assert_eq!(home[link], format!("https://api.example.com{path}"));
        let page = send(&door, "GET", path).await;
        assert_eq!(page["headers"]["content-type"], "text/html; charset=utf-8");
        let html = page["body"].as_str().unwrap();
        assert!(html.contains(&format!("spec-url=\"{shown}\" disable-telemetry=\"true\"")), "{html}");
        // nothing comes from, or goes, elsewhere
        let policy = page["headers"]["content-security-policy"].as_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let elsewhere: Vec<&str> = policy.split([' ', ';']).filter(|source| source.contains("//")).collect();
        assert_eq!(elsewhere, ["https://api.example.com"], "{policy}");
        let (_, script) = html.split_once("src=\"").unwrap();
        let script = send(&door, "GET", script.split_once('"').unwrap().0).await;
        assert_eq!((&script["statusCode"], &script["isBase64Encoded"]), (&json!(200), &json!(true)));
        assert_eq!(script["headers"]["content-encoding"], "gzip");
        assert_eq!(script["headers"]["cache-control"], "public, max-age=31536000, immutable");
        // what a Lambda may answer
        assert!(script.to_string().len() < 6 * 1024 * 1024);
    }
    assert_eq!(send(&door, "GET", "/redoc/redoc-0.0.0.js").await["statusCode"], 404);
}

#[tokio::test]
async fn documents_are_shown_only_where_they_may() {
    let door = door_with(&[("SHOW_DOCS", "false")]).await;
    for path in
        ["/docs", "/docs/swagger-ui-bundle.js", "/redoc", "/redoc/events", "/openapi.json", "/asyncapi.json"]
    {
        assert_eq!(send(&door, "GET", path).await["statusCode"], 404, "{path}");
    }
    for path in ["/", "/health", "/v1/health", "/reset"] {
        assert_eq!(send(&door, "GET", path).await["statusCode"], 200, "{path}");
    }
    let home = body(&send(&door, "GET", "/").await);
    assert!(home["docs"].is_null() && home["asyncapi"].is_null() && home["health"].is_string(), "{home}");
}

#[tokio::test]
async fn the_link_in_the_mail_leads_to_a_form() {
    let door = door().await;
    let page = send(&door, "GET", "/reset").await;
    assert_eq!((&page["statusCode"], &page["headers"]["cache-control"]), (&json!(200), &json!("no-store")));
    assert_eq!(page["headers"]["referrer-policy"], "no-referrer");
    let html = page["body"].as_str().unwrap();
    assert!(html.contains("<form") && html.contains("\"/v1/auth/password-reset/confirm\""));
    // or the policy would turn it off
    for attribute in [" style=", " onclick=", " onsubmit=", " src=", " href="] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    let policy = page["headers"]["content-security-policy"].as_str().unwrap();
    // `sha256sum` of nothing: the element was not found
    assert!(!policy.contains("47DEQpj8HBSa"), "{policy}");
    assert!(policy.contains("script-src 'sha256-") && policy.contains("connect-src 'self';"), "{policy}");
    assert_eq!(send(&door, "POST", "/reset").await["statusCode"], 405);
}

#[tokio::test]
async fn everything_else_is_not_there() {
    let door = door().await;
    for path in ["/nothing", "/v1/nothing", "/docs/nothing.js", "/docs/..%2f..%2fCargo.toml", "/v1", "/api"] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = send(&door, method, path).await;
            let error = body(&answer);
            let expected = if method != "GET" && path.starts_with("/docs/") { 405 } else { 404 };
            assert_eq!(
                (&answer["statusCode"], &error["status_code"]),
                (&json!(expected), &json!(expected)),
                "{path}"
            );
            assert_eq!(error["request_id"], "r-1");
        }
    }
    assert_eq!(send(&door, "POST", "/health").await["statusCode"], 405);
}
