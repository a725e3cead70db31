//! The HTTP API.

use serde_json::{Value, json};

use crate::stack::{TestStack, client};

#[tokio::test]
async fn events_have_the_form_of_api_gateway() {
    let stack = TestStack::start().await;
    let url = format!("{}/v1/things/a%20b/c?x=1&x=2&y=%C3%BC", stack.local.url());
    let answer = client()
        .post(url)
        .header("X-Many", "1")
        .header("x-many", "2")
        .header("cookie", "a=1; b=2")
        .header("x-forwarded-for", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6")
        .header("x-local-source-ip", "10.1.2.3")
        .header("user-agent", "test")
        .header("accept-encoding", "identity")
        .json(&json!({"hello": "there"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("apigw-requestid"));
    let mut event: Value = answer.json().await.unwrap();

    let context = &mut event["requestContext"];
    assert_eq!(context["requestId"].as_str().unwrap().len(), 16);
    assert!(context["time"].as_str().unwrap().ends_with(" +0000"));
    assert!(context["timeEpoch"].as_i64().unwrap() > 1_700_000_000_000);
    let authority = stack.local.url().replace("http://", "");
    let port = authority.split(':').next_back().unwrap();
    for changing in ["requestId", "time", "timeEpoch"] {
        context[changing] = json!("…");
    }
    let expected = json!({
        "version": "2.0",
        "routeKey": "ANY /v1/things/{proxy+}",
        "rawPath": "/v1/things/a b/c",
        "rawQueryString": "x=1&x=2&y=%C3%BC",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "accept": "*/*",
            "accept-encoding": "identity",
            "content-length": "17",
            "content-type": "application/json",
            "host": authority,
            "user-agent": "test",
            "x-forwarded-for": "10.1.2.3",
            "x-forwarded-port": port,
            "x-forwarded-proto": "http",
            "x-many": "1,2",
        },
        "queryStringParameters": {"x": "1,2", "y": "ü"},
        "pathParameters": {"proxy": "a b/c"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": authority,
            "domainPrefix": "local",
            "http": {
                "method": "POST",
                "path": "/v1/things/a b/c",
                "protocol": "HTTP/1.1",
                "sourceIp": "10.1.2.3",
                "userAgent": "test",
            },
            "requestId": "…",
            "routeKey": "ANY /v1/things/{proxy+}",
            "stage": "$default",
            "time": "…",
            "timeEpoch": "…",
        },
        "body": "{\"hello\":\"there\"}",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn binary_bodies_travel_in_base64() {
    let stack = TestStack::start().await;
    let post = |kind: &'static str, body: Vec<u8>| {
        client()
            .post(format!("{}/v1/things/1", stack.local.url()))
            .header("content-type", kind)
            .body(body)
            .send()
    };
    let event: Value = post("image/png", vec![0, 255]).await.unwrap().json().await.unwrap();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("AP8="), &json!(true)));
    let event: Value = post("text/plain; charset=utf-8", b"hi".to_vec()).await.unwrap().json().await.unwrap();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("hi"), &json!(false)));
    let event: Value =
        post("application/x-www-form-urlencoded", b"a=1".to_vec()).await.unwrap().json().await.unwrap();
    assert_eq!(event["isBase64Encoded"], true);
}

#[tokio::test]
async fn failures_have_the_form_of_api_gateway() {
    let stack = TestStack::start().await;
    for (path, status) in [("throw", 500), ("panic", 500), ("huge", 500), ("slow", 500)] {
        let answer = client().get(format!("{}/v1/things/{path}", stack.local.url())).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.text().await.unwrap(), r#"{"message":"Internal Server Error"}"#, "{path}");
    }
    let answer = client().get(format!("{}/nowhere", stack.local.url())).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap()),
        (404, r#"{"message":"Not Found"}"#.into())
    );
    // the function still runs
    assert_eq!(
        client().get(format!("{}/v1/things/1", stack.local.url())).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn request_bodies_are_limited() {
    let stack = TestStack::start().await;
    let post = |length: usize| {
        client()
            .post(format!("{}/v1/things/1", stack.local.url()))
            .header("content-type", "image/png")
            .body(vec![0; length])
            .send()
    };
    assert_eq!(post(4 * 1024 * 1024).await.unwrap().status(), 200);
    assert_eq!(
        post(5 * 1024 * 1024).await.unwrap().status(),
        413,
        "in base64 the body is too large for a Lambda function"
    );
    assert_eq!(post(11 * 1024 * 1024).await.unwrap().status(), 413);
    assert_eq!(stack.seen.all().len(), 1);
}

#[tokio::test]
async fn cookies_become_headers() {
    let stack = TestStack::start().await;
    let answer = client().get(format!("{}/v1/things/cookies", stack.local.url())).send().await.unwrap();
    let cookies: Vec<&str> =
        answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}
