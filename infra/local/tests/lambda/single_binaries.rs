//! One binary with a Runtime API and no gateway. It receives events as API Gateway writes them.

use local::{LocalCloud, LocalOptions, template::FunctionSpec};
use serde_json::{Value, json};

use crate::{
    binaries,
    process::{FunctionProcess, command, environment},
    runtime_api::RuntimeApi,
};

/// A local cloud with the table, queues and sockets that a binary uses.
async fn local() -> LocalCloud {
    let template = Some(binaries::workspace().join("template.yaml"));
    LocalCloud::start(LocalOptions { template, ..LocalOptions::default() }).await.unwrap()
}

fn function(local: &LocalCloud, binary: &str) -> FunctionSpec {
    local.runner().functions().find(|function| function.binary == binary).unwrap().clone()
}

/// An event of an HTTP API, payload format 2.0.
fn event(method: &str, path: &str, body: Option<&Value>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": "abcdef.execute-api.us-east-1.amazonaws.com",
            "user-agent": "curl/8.5.0",
            "x-forwarded-for": "198.51.100.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "abcdef",
            "domainName": "abcdef.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abcdef",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "198.51.100.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "Hk3sXj5WoAMEJtQ=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "21/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_255_200_000_u64,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = body.to_string().into();
    }
    event
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_binary_handles_http_api_events() {
    let local = local().await;
    let function = function(&local, "api-docs");
    let api = RuntimeApi::start(&function.arn).await;
    let _process = FunctionProcess::start(&function, &api.authority);

    let health = api.invoke(event("GET", "/health", None)).await.unwrap();
    assert_eq!((&health["statusCode"], &health["isBase64Encoded"]), (&json!(200), &json!(false)), "{health}");
    assert_eq!(body(&health)["status"], "healthy");
    assert_eq!(health["headers"]["x-request-id"], "Hk3sXj5WoAMEJtQ=");
    let ready = api.invoke(event("GET", "/ready", None)).await.unwrap();
    assert_eq!(body(&ready)["checks"]["table"], true, "{ready}");
    let nowhere = api.invoke(event("GET", "/nowhere", None)).await.unwrap();
    assert_eq!(nowhere["statusCode"], 404);
    assert_eq!(body(&nowhere)["request_id"], "Hk3sXj5WoAMEJtQ=");

    // an event that API Gateway never sends is an error of the function, and the process continues
    let error = api.invoke(json!({ "Records": [] })).await.unwrap_err();
    assert!(error["errorType"].is_string() && error["errorMessage"].is_string(), "{error}");
    assert_eq!(api.invoke(event("GET", "/health", None)).await.unwrap()["statusCode"], 200);
}

#[tokio::test]
async fn a_binary_stores_data() {
    let local = local().await;
    let function = function(&local, "api-identity");
    let api = RuntimeApi::start(&function.arn).await;
    let _process = FunctionProcess::start(&function, &api.authority);
    let ana = json!({ "email": "ana@example.com", "password": "a heron over grey water", "name": "Ana" });

    let made = api.invoke(event("POST", "/v1/auth/register", Some(&ana))).await.unwrap();
    assert_eq!(made["statusCode"], 201, "{made}");
    assert_eq!(made["cookies"].as_array().map(Vec::len), Some(2), "cookies are in the list `cookies`");
    let again = api.invoke(event("POST", "/api/v1/auth/register/", Some(&ana))).await.unwrap();
    assert_eq!((&again["statusCode"], &body(&again)["code"]), (&json!(409), &json!("EMAIL_TAKEN")));
    let mut me = event("GET", "/v1/users/me", None);
    me["headers"]["authorization"] =
        format!("Bearer {}", body(&made)["access_token"].as_str().unwrap()).into();
    assert_eq!(body(&api.invoke(me).await.unwrap())["email"], "ana@example.com");
}

#[tokio::test]
async fn a_binary_names_its_missing_setting() {
    let local = local().await;
    let function = function(&local, "api-sessions");
    for setting in ["TABLE", "TICKS_QUEUE_URL", "AWS_REGION", "SOCKET_ENDPOINT"] {
        let mut environment = environment(&function);
        environment.remove(setting).unwrap();
        let mut command = command(&function.binary, &environment, "127.0.0.1:9");
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let complaint = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && complaint.contains(setting), "without {setting}: {complaint}");
    }
}
