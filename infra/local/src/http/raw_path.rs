//! Decodes the path of a request as an HTTP API of API Gateway does.

use super::query_string::decode_bytes;

/// Returns `rawPath`, or `None` if the gateway refuses the path.
///
/// Live captures (hotsock/voker, `ingress-paths.json`) show that the gateway decodes a path, reads it as a URL and decodes it
/// again: `%252F` arrives as `/`, a path is cut at `%3F`, and `%25done` is refused.
pub(crate) fn decode_raw_path(encoded: &str) -> Option<String> {
    let once = decode_strictly(encoded)?;
    let path = once.split('?').next().unwrap_or_default();
    decode_strictly(path)
}

/// Decodes percent-encoding, unless it has an invalid escape.
fn decode_strictly(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('%') {
        let digits = after.as_bytes().get(..2)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = after;
    }
    Some(String::from_utf8_lossy(&decode_bytes(text)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_like_the_captures() {
        for (sent, received) in [
            ("/a/plain", Some("/a/plain")),
            ("/a/space%20value", Some("/a/space value")),
            ("/a/question%3Fvalue", Some("/a/question")),
            ("/a/percent%25done", None),
            ("/a/hash%23value", Some("/a/hash#value")),
            ("/a/slash%2Fvalue", Some("/a/slash/value")),
            ("/a/unicode-%CE%BB-%E4%B8%96%E7%95%8C", Some("/a/unicode-λ-世界")),
            ("/a/literal%252Fvalue", Some("/a/literal/value")),
            ("/a/literal%253Fvalue", Some("/a/literal?value")),
            ("/a/literal%2525value", Some("/a/literal%value")),
            ("/a/nul%00", Some("/a/nul\0")),
            ("/a/%2e%2e", Some("/a/..")),
            ("/a/%", None),
            ("/a/%f", None),
        ] {
            assert_eq!(decode_raw_path(sent).as_deref(), received, "{sent}");
        }
    }
}
