//! Paths that lead to the socket: the stage, as on AWS, and the paths that clients of the originals use.

/// A path that leads to the socket, and the session in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SocketPath {
    pub(super) session: Option<String>,
}

/// Parses a path. Returns `None` if it does not lead to the socket.
pub(super) fn socket_path(path: &str, stage: &str) -> Option<SocketPath> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    // `/api/v1`, `/api` and `/v1` are equal prefixes, as for HTTP
    let segments = match segments.as_slice() {
        ["api", "v1", rest @ ..] | ["api" | "v1", rest @ ..] => rest,
        all => all,
    };
    match segments {
        [name] if *name == stage => Some(SocketPath { session: None }),
        ["ws"] | ["realtime", "ws"] => Some(SocketPath { session: None }),
        ["ws", id] | ["ws", "sessions", id] | ["sessions", id, "ws" | "stream"] => {
            Some(SocketPath { session: Some(crate::http::query_string::percent_decode(id)) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketPath, socket_path};

    #[test]
    fn socket_paths_are_recognized() {
        for path in ["/local", "/local/", "/ws", "/v1/realtime/ws", "/api/v1/realtime/ws"] {
            assert_eq!(socket_path(path, "local"), Some(SocketPath { session: None }), "{path}");
        }
        for path in [
            "/ws/7",
            "/ws/sessions/7",
            "/v1/sessions/7/ws",
            "/v1/sessions/7/stream",
            "/api/v1/sessions/7/stream",
        ] {
            assert_eq!(socket_path(path, "local"), Some(SocketPath { session: Some("7".into()) }), "{path}");
        }
        for path in ["/", "/live", "/v1/sessions/7", "/v1/sessions/7/votes"] {
            assert_eq!(socket_path(path, "local"), None, "{path}");
        }
    }
}
