use super::{RouteDomain, RouteRow};

pub(super) const DOMAIN: RouteDomain =
    RouteDomain { rows: ROWS, body: |_, _| None, parameter: |_, _, _| None };

const ROWS: &[RouteRow] = &[
    ("home", [200, 200, 200, 200, 200]),
    ("health", [200, 200, 200, 200, 200]),
    ("asyncapi", [200, 200, 200, 200, 200]),
    ("openapi", [200, 200, 200, 200, 200]),
    ("ready", [200, 200, 200, 200, 200]),
];
