//! Builds the request of a router from the event of an HTTP API (payload format 2.0).
//!
//! `rawPath` of an HTTP API is decoded. Live captures (hotsock/voker, `ingress-paths.json`) show `%23` as `#`, `%252F` as `/`
//! and any character as itself. A decoded path is text and not a URL: `#` would cut it, `..` would climb and a line
//! break would vanish. The path is therefore encoded again before it becomes a URI, and no URL parser normalizes it.
//! `lambda_http` was rejected, because it parses the decoded path as a URL.

use std::borrow::Cow;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Request, Uri, header, uri::PathAndQuery};

/// Converts an event. API Gateway's context of the request becomes an extension.
///
/// # Errors
/// Fails if the body is said to be base64 and is not.
pub(super) fn request_from_event(
    event: ApiGatewayV2httpRequest,
) -> Result<Request<Body>, base64::DecodeError> {
    let path = event.raw_path.unwrap_or_default();
    let query = event.raw_query_string.unwrap_or_default();
    let body = match event.body {
        Some(body) if event.is_base64_encoded => Body::from(BASE64_STANDARD.decode(body)?),
        Some(body) => Body::from(body),
        None => Body::empty(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = event.request_context.http.method.clone();
    *request.uri_mut() = uri_of(&path, &query);
    *request.headers_mut() = event.headers;
    // payload format 2.0 has the cookies in a field of their own
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty())
        && let Ok(cookies) = HeaderValue::from_str(&cookies.join("; "))
    {
        request.headers_mut().insert(header::COOKIE, cookies);
    }
    request.extensions_mut().insert(event.request_context);
    Ok(request)
}

/// Returns the URI of a decoded path and an encoded query. A path that is too long for a URI becomes `*`, which no
/// route has.
fn uri_of(path: &str, query: &str) -> Uri {
    let mut whole = encode(path, |byte| is_path_character(byte) || byte == b'/').into_owned();
    if !whole.starts_with('/') {
        whole.insert(0, '/');
    }
    if !query.is_empty() {
        whole.push('?');
        // the query arrives encoded; a character that a URI does not have would make it invalid
        whole.push_str(&encode(query, |byte| is_path_character(byte) || b"/?%".contains(&byte)));
    }
    PathAndQuery::try_from(whole).map_or(Uri::from_static("*"), Uri::from)
}

/// `pchar` of RFC 3986 without the escapes.
fn is_path_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// Escapes every byte that is not permitted.
fn encode(text: &str, is_permitted: impl Fn(u8) -> bool) -> Cow<'_, str> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if text.bytes().all(&is_permitted) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if is_permitted(byte) {
            encoded.push(char::from(byte));
        } else {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            encoded.push('%');
            encoded.extend(digits.map(char::from));
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use axum::{Router, extract::Path, routing::any};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;

    fn event(path: &str, query: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {"host": "["},
            "cookies": ["a=1", "b=2"],
            "requestContext": {"http": {"method": "DELETE", "sourceIp": "203.0.113.7"}, "requestId": "r-1"},
            "body": "AAH/", "isBase64Encoded": true,
        })
    }

    fn request(path: &str, query: &str) -> Request<Body> {
        request_from_event(serde_json::from_value(event(path, query)).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_segment_reaches_the_handler_as_api_gateway_decoded_it() {
        for segment in [
            "plain",
            "a#b",
            "#",
            "?",
            "a?b=c",
            "..",
            ".",
            "a\0",
            "\0",
            "a\nb",
            "\n",
            "\t",
            "%23",
            "%2F",
            "%00",
            "%",
            "%zz",
            "a b",
            "ă",
            "👍",
            "\u{feff}",
            "{}|\\^`\"<>",
            "a;b=c",
            "+",
            "@:&=$,",
        ] {
            let parent = any(|| async { "the parent" });
            let child = any(|Path(segment): Path<String>| async move { format!("[{segment}]") });
            let router = Router::new().route("/v1/things", parent).route("/v1/things/{id}", child);
            let response = router.oneshot(request(&format!("/v1/things/{segment}"), "")).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert_eq!(body, format!("[{segment}]"), "{segment:?}");
        }
    }

    #[test]
    fn a_query_stays_encoded_and_makes_a_uri() {
        for (query, sent) in [
            ("a=1&b=%23x%2F", "a=1&b=%23x%2F"),
            ("a=b c", "a=b%20c"),
            ("a=<\"ă\">#", "a=%3C%22%C4%83%22%3E%23"),
            ("a=?/%", "a=?/%"),
        ] {
            assert_eq!(request("/v1/a", query).uri().query(), Some(sent));
        }
        assert_eq!(request("/v1/a", "").uri(), "/v1/a");
        assert_eq!(request("", "a=1").uri(), "/?a=1");
    }

    #[test]
    fn an_event_becomes_a_request() {
        let request = request("/v1/a", "");
        assert_eq!(request.method(), "DELETE");
        assert_eq!(request.headers()["host"], "[");
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
        let context = request.extensions().get::<super::super::GatewayRequestContext>().unwrap();
        assert_eq!(context.http.source_ip.as_deref(), Some("203.0.113.7"));
        let mut invalid = event("/", "");
        invalid["body"] = json!("?");
        assert!(request_from_event(serde_json::from_value(invalid).unwrap()).is_err());
    }

    #[test]
    fn a_path_that_is_too_long_has_no_route() {
        assert_eq!(request(&format!("/v1/{}", "ă".repeat(20_000)), "").uri(), "*");
    }
}
