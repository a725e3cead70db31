//! Compares `template.yaml` with the routers. A route that is missing from the template is missing in every cloud.

use std::collections::BTreeMap;

use local::template::{LocalSecrets, SamTemplate};
use protocol::command;

use crate::world::repository;

fn template() -> SamTemplate {
    SamTemplate::read(Some(&repository().join("template.yaml")), LocalSecrets::in_memory()).unwrap()
}

/// Selects a route as API Gateway does: a full match before the longest `{proxy+}` before `$default`.
fn selected_route<'a>(routes: &'a BTreeMap<String, String>, method: &str, path: &str) -> Option<&'a str> {
    for method in [method, "ANY"] {
        if let Some(function) = routes.get(&format!("{method} {path}")) {
            return Some(function);
        }
    }
    let greedy = routes.iter().filter_map(|(key, function)| {
        let (of, pattern) = key.split_once(' ')?;
        let base = pattern.strip_suffix("{proxy+}")?;
        let fits = (of == "ANY" || of == method) && path.len() > base.len() && path.starts_with(base);
        fits.then_some((base.len(), function))
    });
    greedy.max().map(|(_, function)| function.as_str()).or_else(|| routes.get("$default").map(String::as_str))
}

#[test]
fn template_serves_every_route() {
    let template = template();
    let routes: BTreeMap<_, _> =
        template.http_routes().unwrap().into_iter().map(|route| (route.key, route.function)).collect();
    let mut wrong = Vec::new();
    for (function, document) in local::openapi::openapi_by_function() {
        let document = serde_json::to_value(document).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                for spelling in path_spellings(path) {
                    let served = selected_route(&routes, &method, &spelling);
                    if served != Some(function) {
                        wrong.push(format!("{method} {spelling}: {served:?} and not {function}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The prefixes and the slash of old clients (ARCHITECTURE 8).
fn path_spellings(path: &str) -> Vec<String> {
    match path.strip_prefix("/v1/") {
        Some(rest) => ["/v1/", "/api/v1/", "/api/"]
            .iter()
            .flat_map(|prefix| [format!("{prefix}{rest}"), format!("{prefix}{rest}/")])
            .collect(),
        None => vec![path.to_owned()],
    }
}

#[test]
fn every_command_is_a_route_of_the_socket() {
    let api = template().socket_api().unwrap().expect("a WebSocket API");
    let own = [
        ("$connect", "SocketConnections"),
        ("$disconnect", "SocketConnections"),
        ("$default", "SocketConnections"),
    ];
    let functions = command::TYPES_BY_FUNCTION.map(|(name, types)| (pascal_case(name), types));
    let messages = functions.iter().flat_map(|(name, types)| types.iter().map(|kind| (*kind, name.as_str())));
    let expected: BTreeMap<&str, &str> = own.into_iter().chain(messages).collect();
    let routes: BTreeMap<&str, &str> =
        api.routes.iter().map(|(key, function)| (key.as_str(), function.as_str())).collect();
    assert_eq!(routes, expected, "left: the template; right: protocol::command::TYPES_BY_FUNCTION");
    assert_eq!(api.selection, ["type"]);
}

/// `socket-chat` is `SocketChat` in the template.
fn pascal_case(name: &str) -> String {
    let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect()
}
