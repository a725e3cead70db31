//! Builds the return value of a function from the response of its router (payload format 2.0).

use axum::body::{Body, to_bytes};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Response, header};
use serde_json::{Map, Value, json};

/// Converts a response. The client receives exactly the bytes that the handler wrote.
///
/// # Errors
/// Fails if the body cannot be read.
pub(super) async fn response_payload(response: Response<Body>) -> Result<Value, axum::Error> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await?;
    let (mut headers, mut cookies) = (Map::new(), Vec::new());
    for name in parts.headers.keys() {
        let values =
            parts.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        if name == header::SET_COOKIE {
            cookies.extend(values.map(String::from));
        } else {
            // the format has one value a name
            headers.insert(name.as_str().to_owned(), values.collect::<Vec<_>>().join(", ").into());
        }
    }
    let (body, is_base64) = encode_body(&body);
    Ok(json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers,
        "cookies": cookies,
        "body": body,
        "isBase64Encoded": is_base64,
    }))
}

/// Returns the body as text, or in base64 if text might not arrive unchanged: bytes that are not UTF-8, a byte order
/// mark, which a decoder of text removes, and NUL. The content type was rejected as the criterion, because a CSV is text
/// and starts with a byte order mark.
fn encode_body(body: &[u8]) -> (String, bool) {
    match std::str::from_utf8(body) {
        Ok(text) if !text.starts_with('\u{feff}') && !text.contains('\0') => (text.to_owned(), false),
        _ => (BASE64_STANDARD.encode(body), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn payload(body: &[u8]) -> Value {
        let response = Response::builder()
            .status(201)
            .header("content-type", "text/csv; charset=utf-8")
            .header("set-cookie", "a=1; Path=/")
            .header("set-cookie", "b=2")
            .header("vary", "origin")
            .header("vary", "accept")
            .body(Body::from(body.to_vec()))
            .unwrap();
        response_payload(response).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_arrives_byte_for_byte() {
        let bodies: [(&[u8], bool); 7] = [
            (b"", false),
            ("ă,👍\r\n\t\u{1}".as_bytes(), false),
            ("a\u{feff}".as_bytes(), false),
            ("\u{feff}a,b\r\n".as_bytes(), true),
            (b"a\0b", true),
            (&[0x89, b'P', b'N', b'G'], true),
            (&[0xFF, 0xFE, b'a', 0], true),
        ];
        for (body, in_base64) in bodies {
            let payload = payload(body).await;
            assert_eq!(payload["isBase64Encoded"], in_base64, "{body:?}");
            let text = payload["body"].as_str().unwrap();
            let received =
                if in_base64 { BASE64_STANDARD.decode(text).unwrap() } else { text.as_bytes().to_vec() };
            assert_eq!(received, body);
        }
    }

    #[tokio::test]
    async fn a_response_keeps_its_status_headers_and_cookies() {
        let payload = payload(b"").await;
        assert_eq!(payload["statusCode"], 201);
        let headers = json!({"content-type": "text/csv; charset=utf-8", "vary": "origin, accept"});
        assert_eq!(payload["headers"], headers);
        assert_eq!(payload["cookies"], json!(["a=1; Path=/", "b=2"]));
    }
}
