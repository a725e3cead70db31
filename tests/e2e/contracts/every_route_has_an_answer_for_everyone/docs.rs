use super::{Row, Subject};

pub(super) const SUBJECT: Subject =
    Subject { answers: ANSWERS, body: |_, _| None, parameter: |_, _, _| None };

const ANSWERS: &[Row] = &[
    ("home", [200, 200, 200, 200, 200]),
    ("health", [200, 200, 200, 200, 200]),
    ("asyncapi", [200, 200, 200, 200, 200]),
    ("openapi", [200, 200, 200, 200, 200]),
    ("ready", [200, 200, 200, 200, 200]),
];
