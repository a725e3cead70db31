//! Builds the events of a socket, as WebSocket APIs of API Gateway send them to a Lambda function.

use std::{collections::BTreeMap, net::IpAddr};

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    http::{http_event::common_log_time, query_string::query_pairs, source::SOURCE_IP_HEADER},
    ids,
};

/// The properties of a connection, which never change.
pub(super) struct SocketConnection {
    pub(super) id: String,
    pub(super) connected_at: Timestamp,
    pub(super) source_ip: IpAddr,
    pub(super) user_agent: String,
    pub(super) headers: BTreeMap<String, Vec<String>>,
    pub(super) query: BTreeMap<String, Vec<String>>,
    pub(super) stage: String,
    pub(super) domain: String,
}

impl SocketConnection {
    pub(super) fn connect_event(&self, at: Timestamp) -> Value {
        let mut event = self.with_headers("$connect", "CONNECT", at);
        if !self.query.is_empty() {
            event["queryStringParameters"] = json!(last_values(&self.query));
            event["multiValueQueryStringParameters"] = json!(self.query);
        }
        event
    }

    pub(super) fn message_event(&self, route: &str, body: &str, at: Timestamp) -> Value {
        let mut event = self.event(route, "MESSAGE", at);
        event["requestContext"]["messageId"] = json!(ids::api_gateway_id());
        event["body"] = json!(body);
        event
    }

    pub(super) fn disconnect_event(&self, code: u16, reason: &str, at: Timestamp) -> Value {
        let mut event = self.with_headers("$disconnect", "DISCONNECT", at);
        event["requestContext"]["disconnectStatusCode"] = json!(code);
        event["requestContext"]["disconnectReason"] = json!(reason);
        event
    }

    fn with_headers(&self, route: &str, kind: &str, at: Timestamp) -> Value {
        let mut event = self.event(route, kind, at);
        event["headers"] = json!(last_values(&self.headers));
        event["multiValueHeaders"] = json!(self.headers);
        event
    }

    fn event(&self, route: &str, kind: &str, at: Timestamp) -> Value {
        let request_id = ids::api_gateway_id();
        json!({
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "connectionId": self.id,
                "connectedAt": self.connected_at.as_millisecond(),
                "requestTime": common_log_time(at),
                "requestTimeEpoch": at.as_millisecond(),
                "requestId": request_id,
                "extendedRequestId": request_id,
                "messageDirection": "IN",
                "stage": self.stage,
                "domainName": self.domain,
                "apiId": "local-socket",
                "identity": {"sourceIp": self.source_ip, "userAgent": self.user_agent},
            },
            "isBase64Encoded": false,
        })
    }
}

/// The headers of a handshake. `x-forwarded-for` is the address of the connection.
pub(super) fn handshake_headers(
    request: &HeaderMap,
    source_ip: IpAddr,
    port: &str,
) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in request {
        if *name != http::header::FORWARDED && name != SOURCE_IP_HEADER {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
    }
    headers.insert("x-forwarded-for".into(), vec![source_ip.to_string()]);
    headers.insert("x-forwarded-port".into(), vec![port.to_owned()]);
    headers.insert("x-forwarded-proto".into(), vec!["http".into()]);
    headers
}

/// The query parameters. The session in the path becomes the parameter `session_id`, unless the query has one.
pub(super) fn query_parameters(raw: &str, session: Option<String>) -> BTreeMap<String, Vec<String>> {
    let mut parameters = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in query_pairs(raw) {
        parameters.entry(name).or_default().push(value);
    }
    if let Some(session) = session {
        parameters.entry("session_id".into()).or_insert_with(|| vec![session]);
    }
    parameters
}

fn last_values(values: &BTreeMap<String, Vec<String>>) -> BTreeMap<&str, &str> {
    values.iter().filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str()))).collect()
}

/// The route of a message: the value that the selection expression finds in it, if the API has that route.
pub(super) fn select_route<'r>(
    selection: &[String],
    body: &str,
    has: impl Fn(&str) -> Option<&'r str>,
) -> &'r str {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let found =
        parsed.as_ref().and_then(|body| selection.iter().try_fold(body, |value, field| value.get(field)));
    found
        .and_then(Value::as_str)
        // `$connect`, `$disconnect` and `$default` are not types of messages
        .filter(|key| !key.starts_with('$'))
        .and_then(has)
        .unwrap_or("$default")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_message_selects_its_route() {
        let has = |key: &str| ["ping", "$connect"].into_iter().find(|known| *known == key);
        let selection = ["type".to_owned()];
        for (body, route) in [
            (r#"{"type": "ping"}"#, "ping"),
            (r#"{"type": "pong"}"#, "$default"),
            (r#"{"type": "$connect"}"#, "$default"),
            (r#"{"type": 7}"#, "$default"),
            ("[1]", "$default"),
            ("not JSON", "$default"),
        ] {
            assert_eq!(select_route(&selection, body, has), route, "{body}");
        }
    }

    #[test]
    fn the_session_in_the_path_becomes_a_parameter() {
        let parameters = query_parameters("a=1&a=2&token=x%2By", Some("7".into()));
        assert_eq!(
            last_values(&parameters),
            BTreeMap::from([("a", "2"), ("session_id", "7"), ("token", "x+y")])
        );
    }
}
