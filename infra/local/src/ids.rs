//! Ids in the shapes that AWS gives them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// As API Gateway's request and connection ids: 15 characters and a `=`, which has to be escaped in a path.
pub(crate) fn api_gateway_id() -> String {
    URL_SAFE.encode(rand::random::<[u8; 11]>())
}

/// As Lambda's request ids.
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
