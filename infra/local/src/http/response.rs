//! Turns the return value of a Lambda function into a response (payload format 2.0).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

/// The limit of Lambda on the payload and on the response of a synchronous invocation.
pub(crate) const MAX_LAMBDA_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

pub(crate) type GatewayResponse = Response<Full<Bytes>>;

/// The response of a function. Returns `None` for an invalid return value, and the gateway then returns 500.
pub(crate) fn response_from_lambda(returned: &Value) -> Option<GatewayResponse> {
    let Some(status) = returned.get("statusCode") else {
        // in format 2.0, JSON without a status code is the body
        return Some(json_response(StatusCode::OK, returned));
    };
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let body = match &returned["body"] {
        Value::Null => Bytes::new(),
        Value::String(text) if returned["isBase64Encoded"] == true => {
            Bytes::from(STANDARD.decode(text).ok()?)
        }
        Value::String(text) => Bytes::from(text.clone()),
        _ => return None,
    };
    if returned["body"].as_str().is_some_and(|body| body.len() > MAX_LAMBDA_PAYLOAD_BYTES) {
        return None;
    }
    let mut response = Response::new(Full::new(body.clone()));
    *response.status_mut() = status;
    for (name, value) in returned["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // the content length follows from the body
        if !name.eq_ignore_ascii_case("content-length") {
            response
                .headers_mut()
                .append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
    }
    for cookie in returned["cookies"].as_array().into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::try_from(cookie.as_str()?).ok()?);
    }
    if !body.is_empty() && !response.headers().contains_key(header::CONTENT_TYPE) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    Some(response)
}

/// A response of the gateway itself.
pub(crate) fn message_response(status: StatusCode, message: &str) -> GatewayResponse {
    json_response(status, &json!({ "message": message }))
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> GatewayResponse {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn body(answer: GatewayResponse) -> Bytes {
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_full_response_is_read() {
        let returned = json!({
            "statusCode": 201,
            "headers": {"content-type": "image/png", "x-a": "b", "content-length": "99"},
            "multiValueHeaders": {"x-lost": ["format 2.0 knows no such field"]},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "AAH/",
            "isBase64Encoded": true,
        });
        let answer = response_from_lambda(&returned).unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let headers = answer.headers();
        assert_eq!(
            (&headers["content-type"], &headers["x-a"]),
            (&"image/png".parse().unwrap(), &"b".parse().unwrap())
        );
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
        assert!(!headers.contains_key("x-lost") && !headers.contains_key("content-length"));
        assert_eq!(body(answer).await, Bytes::from_static(&[0, 1, 255]));
    }

    #[tokio::test]
    async fn other_json_becomes_the_body() {
        let answer = response_from_lambda(&json!({"a": 1})).unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(body(answer).await, r#"{"a":1}"#);
    }

    #[test]
    fn an_invalid_response_is_refused() {
        assert!(response_from_lambda(&json!({"statusCode": 99})).is_none());
        assert!(response_from_lambda(&json!({"statusCode": 200, "body": {"a": 1}})).is_none());
        assert!(response_from_lambda(&json!({"statusCode": 200, "headers": {"a b": "c"}})).is_none());
        assert!(
            response_from_lambda(
                &json!({"statusCode": 200, "body": "x".repeat(MAX_LAMBDA_PAYLOAD_BYTES + 1)})
            )
            .is_none()
        );
        assert!(response_from_lambda(&json!({"statusCode": 204})).is_some());
    }
}
