//! Builds the event of a request in payload format 2.0, as HTTP APIs of API Gateway send it to a Lambda function.

use std::{collections::BTreeMap, net::IpAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use emulator::ACCOUNT;
use http::{HeaderMap, header, request::Parts};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{query_string::query_parameters, routes::RouteMatch, source::SOURCE_IP_HEADER};

/// Facts about a request that the gateway adds.
pub(crate) struct RequestContext<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) source_ip: IpAddr,
    pub(crate) at: Timestamp,
    /// Host and port that clients use.
    pub(crate) authority: &'a str,
    /// Percent-decoded, as HTTP APIs pass it on. REST APIs and function URLs pass it on encoded.
    pub(crate) path: &'a str,
}

pub(crate) fn http_event(
    parts: &Parts,
    body: &Bytes,
    route: &RouteMatch<'_>,
    received: &RequestContext<'_>,
) -> Value {
    let headers = event_headers(&parts.headers, received.source_ip, received.authority);
    let cookies: Vec<&str> = parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .collect();
    let raw_query = parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": received.path,
        "rawQueryString": raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": received.authority,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": received.path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": received.source_ip,
                "userAgent": headers.get("user-agent").map_or("", String::as_str),
            },
            "requestId": received.request_id,
            "routeKey": route.key,
            "stage": "$default",
            "time": common_log_time(received.at),
            "timeEpoch": received.at.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    // the event has no empty fields
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !raw_query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(raw_query));
    }
    if !route.parameters.is_empty() {
        event["pathParameters"] = json!(route.parameters);
    }
    if !body.is_empty() {
        if let Some(text) = body_as_text(&parts.headers, body) {
            event["body"] = json!(text);
        } else {
            event["body"] = json!(STANDARD.encode(body));
            event["isBase64Encoded"] = json!(true);
        }
    }
    event
}

/// The headers of an event. Names are in lower case, and several values of one name are joined by a comma.
/// `x-forwarded-for` is the address of the connection, never a value of the client. Cookies have their own field.
fn event_headers(request: &HeaderMap, source_ip: IpAddr, authority: &str) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in request {
        if *name == header::COOKIE || *name == header::FORWARDED || name == SOURCE_IP_HEADER {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.insert("x-forwarded-for".into(), source_ip.to_string());
    headers.insert("x-forwarded-port".into(), port.into());
    headers.insert("x-forwarded-proto".into(), "http".into());
    headers
}

/// The body as text, if AWS passes this content type on as text. Other bodies are sent in base64.
fn body_as_text<'b>(headers: &HeaderMap, body: &'b Bytes) -> Option<&'b str> {
    let content_type =
        headers.get(header::CONTENT_TYPE).map_or("text/plain", |value| value.to_str().unwrap_or(""));
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml");
    // a compressed body is never text
    let plain = is_text && !headers.contains_key(header::CONTENT_ENCODING);
    plain.then(|| std::str::from_utf8(body).ok()).flatten()
}

/// A time such as `21/Nov/2026:06:46:00 +0000`.
pub(crate) fn common_log_time(at: Timestamp) -> String {
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}
