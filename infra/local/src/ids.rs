//! Ids in the shapes that AWS gives them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};

/// As API Gateway's request and connection ids: 15 characters and a `=`, which has to be escaped in a path.
pub(crate) fn gateway() -> String {
    URL_SAFE.encode(rand::random::<[u8; 11]>())
}

/// As Lambda's request ids.
pub(crate) fn uuid() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_have_the_form_of_aws() {
        let id = super::gateway();
        assert!(id.len() == 16 && id.ends_with('='), "{id}");
        assert_eq!(super::uuid().len(), 36);
    }
}
