//! Decodes percent-encoding and query strings as API Gateway does.

use std::collections::BTreeMap;

/// The decoded pairs of a query string, in order.
pub(crate) fn query_pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(&name.replace('+', " ")), percent_decode(&value.replace('+', " ")))
    })
}

/// The parameters of a query string. Several values of one name are joined by a comma.
pub(crate) fn query_parameters(raw: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in query_pairs(raw) {
        parameters
            .entry(name)
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// Decodes percent-encoding. An invalid escape stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    String::from_utf8_lossy(&decode_bytes(text)).into_owned()
}

/// The bytes of a text with its valid escapes decoded.
pub(crate) fn decode_bytes(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte = escape
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let Some(byte) = byte {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_strings_are_decoded() {
        let expected =
            [("a", "1,2 3"), ("b c", ""), ("d", "ü&%zz%")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(query_parameters("a=1&b%20c&a=2+3&d=%C3%BC%26%zz%&"), BTreeMap::from(expected));
        assert!(query_parameters("").is_empty());
    }
}
