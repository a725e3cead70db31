//! `Idempotency-Key` on a POST (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! The same key with the same body returns the stored response. Another body is refused with 422. A request whose first
//! attempt is still running is refused with 409. A key belongs to its caller. Callers without an account share the keys
//! of their network.
//!
//! Transient failures (429, 5xx) are not stored, so a retry runs again. A response that is too large is not stored
//! either. A retry then gets 409 `IDEMPOTENCY_ANSWER_NOT_KEPT`, and nothing runs twice.
//!
//! Responses can contain tokens (registering, joining), and the table must not contain tokens in plain text
//! (RELIABILITY 10). So a stored response is encrypted with a key that is derived from the client's key, of which the
//! table has only a hash.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, aead::Aead};
use http::{HeaderName, HeaderValue, Method, StatusCode, response::Parts};
use model::{Error, ErrorCode};
use rand::RngExt;
use sha2::{Digest, Sha256};
use store::platform::idempotency::{IdempotencyClaim, StoredResponse, abandon, claim, finish};

use super::{
    caller,
    error::{self, ApiError},
};
use crate::App;

const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// The maximum size of a request in bytes, which is the limit of API Gateway. Handlers have smaller limits. Here the
/// body is only hashed.
const MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;
/// The maximum size of an item of DynamoDB in bytes.
const MAX_ITEM_BYTES: usize = 400 * 1024;
/// The bytes of an item that are reserved for keys, hashes and headers.
const RESERVED_ITEM_BYTES: usize = 8 * 1024;
/// The maximum size of a stored response in bytes. It is stored encrypted and in base64.
const MAX_STORED_BODY_BYTES: usize = (MAX_ITEM_BYTES - RESERVED_ITEM_BYTES) / 4 * 3 - NONCE_BYTES - TAG_BYTES;
/// The headers that are stored with a response. `set-cookie` is not stored, because a stored response must not create a
/// session again.
const STORED_HEADERS: [&str; 2] = ["content-type", "location"];

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(IDEMPOTENCY_HEADER).cloned();
    match key {
        Some(key) if request.method() == Method::POST => {
            match run_idempotent(&app, &key, request, next).await {
                Ok(response) => response,
                Err(error) => error.into_response(),
            }
        }
        _ => next.run(request).await,
    }
}

async fn run_idempotent(
    app: &App,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let key = key.ok_or_else(|| Error::field("Idempotency-Key", "must have 1 to 255 visible characters"))?;
    let subject = caller::unverified_subject(app, request.headers()).await?.unwrap_or_else(|| {
        let source = caller::RequestSource::from_request(request.extensions(), request.headers());
        format!("anonymous:{}", source.network_key())
    });
    let hash = digest(&[subject.as_bytes(), request.uri().path().as_bytes(), key.as_bytes()]);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_REQUEST_BYTES).await.map_err(|_| {
        let message = format!("the body must have at most {} MB", MAX_REQUEST_BYTES / 1024 / 1024);
        ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, message)
    })?;
    let body_hash = digest(&[&body]);
    let seal = ResponseSeal::new(&subject, key);
    match claim(&app.store, &hash, &body_hash, app.clock.now()).await? {
        IdempotencyClaim::Claimed => {}
        IdempotencyClaim::Existing(record) if record.body_hash != body_hash => {
            let message = "this Idempotency-Key was used with another body: use a new key";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(ApiError::Http(status, ErrorCode::IdempotencyKeyReused, message.into()));
        }
        IdempotencyClaim::Existing(record) => {
            let running = "the first request with this Idempotency-Key is still running: retry later";
            let stored = record.response.ok_or_else(|| Error::conflict(ErrorCode::Conflict, running))?;
            let sealed = stored.body.as_ref().ok_or_else(|| not_stored_error(stored.status))?;
            let body = seal.open(sealed)?;
            return Ok(replay(&stored, body));
        }
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    if let Err(error) = store_response(app, &hash, &body_hash, &seal, &parts, &body).await {
        // the request has succeeded and this is its response; only a retry will run again
        tracing::error!(?error, "a response could not be stored for its Idempotency-Key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn store_response(
    app: &App,
    hash: &str,
    body_hash: &str,
    seal: &ResponseSeal,
    parts: &Parts,
    body: &[u8],
) -> Result<(), Error> {
    let status = parts.status;
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Ok(abandon(&app.store, hash).await?);
    }
    let headers = STORED_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), parts.headers.get(*name)?.to_str().ok()?.to_owned())))
        .collect();
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_STORED_BODY_BYTES);
    let body = text.map(|text| seal.seal(text)).transpose()?;
    let stored = StoredResponse { status: status.as_u16(), headers, body };
    Ok(finish(&app.store, hash, body_hash, stored, app.clock.now()).await?)
}

fn not_stored_error(status: u16) -> ApiError {
    let message = format!(
        "the request with this Idempotency-Key has succeeded with status {status}, and its response was too large to store: read the created resource"
    );
    ApiError::Http(StatusCode::CONFLICT, ErrorCode::IdempotencyAnswerNotKept, message)
}

fn replay(stored: &StoredResponse, body: String) -> Response {
    // the error in a stored response must get the id of the new request from `observe`
    let error = serde_json::from_str::<error::ErrorBody>(&body).ok().filter(|_| stored.status >= 400);
    let mut response = Response::new(Body::from(body));
    if let Some(error) = error {
        response.extensions_mut().insert(error);
    }
    *response.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &stored.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Encrypts and decrypts the response for one key of one caller.
struct ResponseSeal(ChaCha20Poly1305);

/// The bytes of the nonce, which precedes the encrypted text.
const NONCE_BYTES: usize = 12;
/// The bytes of the authentication tag, which follows the encrypted text.
const TAG_BYTES: usize = 16;

impl ResponseSeal {
    fn new(subject: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["seal", subject, key] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(ChaCha20Poly1305::new(&hash.finalize()))
    }

    fn seal(&self, body: &str) -> Result<String, Error> {
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let sealed = self.0.encrypt(&nonce.into(), body.as_bytes());
        let sealed = sealed.map_err(|error| Error::internal(error.to_string()))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, sealed: &str) -> Result<String, Error> {
        let unreadable = || Error::internal("a stored response cannot be decrypted");
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| unreadable())?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(unreadable)?;
        let body = self.0.decrypt(&(*nonce).into(), sealed).map_err(|_| unreadable())?;
        String::from_utf8(body).map_err(|_| unreadable())
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_response_is_readable_with_its_key_only() {
        let seal = ResponseSeal::new("user:1", "key");
        let body = seal.seal(r#"{"access_token":"secret"}"#).unwrap();
        assert!(!body.contains("secret") && body != seal.seal(r#"{"access_token":"secret"}"#).unwrap());
        assert_eq!(seal.open(&body).unwrap(), r#"{"access_token":"secret"}"#);
        for other in [ResponseSeal::new("user:2", "key"), ResponseSeal::new("user:1", "other")] {
            assert!(other.open(&body).is_err());
        }
    }

    #[test]
    fn the_largest_stored_response_fits_into_an_item() {
        let sealed = ResponseSeal::new("user:1", "key").seal(&"x".repeat(MAX_STORED_BODY_BYTES)).unwrap();
        assert!(
            (MAX_ITEM_BYTES - RESERVED_ITEM_BYTES - 4..=MAX_ITEM_BYTES - RESERVED_ITEM_BYTES)
                .contains(&sealed.len()),
            "{}",
            sealed.len()
        );
    }
}
