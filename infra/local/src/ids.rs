//! Ids in the formats of AWS.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// A request or connection id of API Gateway: 15 characters and a `=`, which must be escaped in a path.
pub(crate) fn api_gateway_id() -> String {
    URL_SAFE.encode(rand::random::<[u8; 11]>())
}

/// A request id of Lambda.
pub(crate) fn lambda_request_id() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_have_the_form_of_aws() {
        let id = super::api_gateway_id();
        assert!(id.len() == 16 && id.ends_with('='), "{id}");
        assert_eq!(super::lambda_request_id().len(), 36);
    }
}
