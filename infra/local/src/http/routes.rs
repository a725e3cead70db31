//! Selects the route of a request by the rules of HTTP APIs. The most specific path wins. A greedy `{proxy+}` comes
//! after all other paths, `ANY` after a named method, and `$default` last.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::template::HttpRoute;

/// The routes of an API, the most specific first.
pub(crate) struct RouteTable {
    routes: Vec<GatewayRoute>,
}

struct GatewayRoute {
    key: String,
    function: String,
    method: Option<String>,
    /// `None` is `$default`.
    path: Option<Vec<PathSegment>>,
}

enum PathSegment {
    Literal(String),
    Parameter(String),
    Greedy(String),
}

/// The route that a request takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RouteMatch<'r> {
    pub(crate) key: &'r str,
    pub(crate) function: &'r str,
    pub(crate) parameters: BTreeMap<&'r str, String>,
}

impl RouteTable {
    pub(crate) fn new(routes: Vec<HttpRoute>) -> Self {
        let mut routes: Vec<GatewayRoute> = routes.into_iter().map(GatewayRoute::new).collect();
        routes.sort_by_cached_key(|route| {
            let kinds = |path: &Vec<PathSegment>| path.iter().map(PathSegment::rank).collect::<Vec<_>>();
            let greedy =
                route.path.as_ref().is_some_and(|path| path.iter().any(|segment| segment.rank() == 2));
            // among greedy routes, the longer prefix is more specific
            let length = route.path.as_ref().map_or(0, Vec::len);
            (
                route.path.is_none(),
                greedy,
                Reverse(length),
                route.path.as_ref().map(kinds),
                route.method.is_none(),
            )
        });
        Self { routes }
    }

    pub(crate) fn select_route(&self, method: &str, path: &str) -> Option<RouteMatch<'_>> {
        let wanted: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        self.routes.iter().find_map(|route| {
            if route.method.as_ref().is_some_and(|own| own != method) {
                return None;
            }
            let parameters = match &route.path {
                Some(path) => capture_parameters(path, &wanted)?,
                None => BTreeMap::new(),
            };
            Some(RouteMatch { key: &route.key, function: &route.function, parameters })
        })
    }
}

impl GatewayRoute {
    fn new(route: HttpRoute) -> Self {
        let (method, path) = match route.key.split_once(' ') {
            Some((method, path)) => {
                let segments =
                    path.strip_prefix('/').unwrap_or(path).split('/').map(PathSegment::new).collect();
                ((method != "ANY").then(|| method.to_owned()), Some(segments))
            }
            None => (None, None),
        };
        Self { key: route.key, function: route.function, method, path }
    }
}

impl PathSegment {
    fn new(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Parameter(name.to_owned()),
            },
            None => Self::Literal(text.to_owned()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

fn capture_parameters<'r>(path: &'r [PathSegment], wanted: &[&str]) -> Option<BTreeMap<&'r str, String>> {
    let mut parameters = BTreeMap::new();
    for (index, segment) in path.iter().enumerate() {
        let here = *wanted.get(index)?;
        match segment {
            PathSegment::Literal(text) if text == here => {}
            PathSegment::Parameter(name) if !here.is_empty() => {
                parameters.insert(name.as_str(), here.to_owned());
            }
            PathSegment::Greedy(name) if !here.is_empty() => {
                parameters.insert(name.as_str(), wanted[index..].join("/"));
                return Some(parameters);
            }
            _ => return None,
        }
    }
    (path.len() == wanted.len()).then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> RouteTable {
        let keys = [
            "$default",
            "ANY /v1/{proxy+}",
            "ANY /v1/sessions",
            "ANY /v1/sessions/",
            "ANY /v1/sessions/{proxy+}",
            "GET /v1/sessions/{id}",
            "GET /v1/sessions/code",
            "POST /v1/sessions",
            "ANY /v1/{kind}/list",
        ];
        RouteTable::new(keys.map(|key| HttpRoute { key: key.into(), function: key.into() }).into())
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes();
        for (method, path, key) in [
            ("POST", "/v1/sessions", "POST /v1/sessions"),
            ("GET", "/v1/sessions", "ANY /v1/sessions"),
            ("GET", "/v1/sessions/", "ANY /v1/sessions/"),
            ("GET", "/v1/sessions/code", "GET /v1/sessions/code"),
            ("GET", "/v1/sessions/1", "GET /v1/sessions/{id}"),
            ("PUT", "/v1/sessions/1", "ANY /v1/sessions/{proxy+}"),
            ("GET", "/v1/sessions/1/votes", "ANY /v1/sessions/{proxy+}"),
            ("GET", "/v1/other/list", "ANY /v1/{kind}/list"),
            ("GET", "/v1/other", "ANY /v1/{proxy+}"),
            ("GET", "/v1/", "$default"),
            ("GET", "/v1", "$default"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(routes.select_route(method, path).unwrap().key, key, "{method} {path}");
        }
    }

    #[test]
    fn parameters_are_captured() {
        let routes = routes();
        let parameters = |path| routes.select_route("GET", path).unwrap().parameters;
        assert_eq!(parameters("/v1/sessions/1"), BTreeMap::from([("id", "1".to_owned())]));
        assert_eq!(parameters("/v1/sessions/1/a/"), BTreeMap::from([("proxy", "1/a/".to_owned())]));
        assert!(parameters("/nothing").is_empty());
    }

    #[test]
    fn without_a_default_route_a_request_may_match_none() {
        let routes = RouteTable::new(vec![HttpRoute { key: "GET /a".into(), function: "F".into() }]);
        assert!(routes.select_route("GET", "/b").is_none() && routes.select_route("POST", "/a").is_none());
    }
}
