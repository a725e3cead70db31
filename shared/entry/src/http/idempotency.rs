//! `Idempotency-Key` on a POST (draft-ietf-httpapi-idempotency-key-header-07): same key and body, same answer; another
//! body, 422; the first one still running, 409. A key is its caller's alone; of who
//! has no account yet, their network's. Failures that may pass (429, 5xx) are not
//! kept: the next try runs. Of an answer that is too large to keep it is kept that it was given: a repeat is told so by 409,
//! `IDEMPOTENCY_ANSWER_NOT_KEPT`, and nothing is done twice.
//!
//! Answers hold tokens (registering, joining), and the table holds none in clear (RELIABILITY 10): a kept answer is sealed
//! with a key made of the client's own, of which the table has only a hash.

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
/// Bytes of a request: what API Gateway lets through. Smaller limits are the handlers' own; here a body is only hashed.
const MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;
/// Bytes of an item (DynamoDB), and of those what is left to all but the body: keys, hashes, headers.
const MAX_ITEM_BYTES: usize = 400 * 1024;
const RESERVED_ITEM_BYTES: usize = 8 * 1024;
/// Bytes of an answer that is kept: it lies there sealed, and written in base64.
const MAX_STORED_BODY_BYTES: usize = (MAX_ITEM_BYTES - RESERVED_ITEM_BYTES) / 4 * 3 - NONCE_BYTES - TAG_BYTES;
/// Headers of an answer that are kept. `set-cookie` is not: a stored answer must not hand out a session again.
const STORED_HEADERS: [&str; 2] = ["content-type", "location"];

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(IDEMPOTENCY_HEADER).cloned();
    match key {
        Some(key) if request.method() == Method::POST => {
            match run_idempotent(&app, &key, request, next).await {
                Ok(answer) => answer,
                Err(failure) => failure.into_response(),
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
    let key = key.ok_or_else(|| Error::field("Idempotency-Key", "has 1 to 255 visible characters"))?;
    let who = caller::unverified_subject(app, request.headers()).unwrap_or_else(|| {
        let source = caller::RequestSource::from_request(request.extensions(), request.headers());
        format!("anonymous:{}", source.network_key())
    });
    let hash = digest(&[who.as_bytes(), request.uri().path().as_bytes(), key.as_bytes()]);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_REQUEST_BYTES).await.map_err(|_| {
        let why = format!("a body has {} MB at most", MAX_REQUEST_BYTES / 1024 / 1024);
        ApiError::Http(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge, why)
    })?;
    let body_hash = digest(&[&body]);
    let seal = ResponseSeal::new(&who, key);
    match claim(&app.store, &hash, &body_hash, app.clock.now()).await? {
        IdempotencyClaim::Claimed => {}
        IdempotencyClaim::Existing(record) if record.body_hash != body_hash => {
            let why = "this Idempotency-Key came with another body before";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(ApiError::Http(status, ErrorCode::IdempotencyKeyReused, why.into()));
        }
        IdempotencyClaim::Existing(record) => {
            let running = "the first request with this Idempotency-Key is still running";
            let stored = record.response.ok_or_else(|| Error::conflict(ErrorCode::Conflict, running))?;
            let sealed = stored.body.as_ref().ok_or_else(|| not_stored_error(stored.status))?;
            let body = seal.open(sealed)?;
            return Ok(replay(&stored, body));
        }
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    if let Err(error) = store_response(app, &hash, &body_hash, &seal, &parts, &body).await {
        // what was asked is done, and this is its answer: only a repeat will not be known for one
        tracing::error!(?error, "an answer could not be kept for its Idempotency-Key");
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
    let why = format!(
        "the request with this Idempotency-Key is done (its status was {status}), and its answer was too large to keep: read what it made"
    );
    ApiError::Http(StatusCode::CONFLICT, ErrorCode::IdempotencyAnswerNotKept, why)
}

fn replay(stored: &StoredResponse, body: String) -> Response {
    // an error says which request it answers, so `observe` must know it for one
    let error = serde_json::from_str::<error::ErrorBody>(&body).ok().filter(|_| stored.status >= 400);
    let mut answer = Response::new(Body::from(body));
    if let Some(error) = error {
        answer.extensions_mut().insert(error);
    }
    *answer.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &stored.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    answer
}

/// Seals and opens the answer to one key of one caller.
struct ResponseSeal(ChaCha20Poly1305);

/// Bytes of a nonce, in front of what it sealed, and of the tag behind it.
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

impl ResponseSeal {
    fn new(who: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["seal", who, key] {
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
        let broken = || Error::internal("a kept answer cannot be opened");
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(broken)?;
        let body = self.0.decrypt(&(*nonce).into(), sealed).map_err(|_| broken())?;
        String::from_utf8(body).map_err(|_| broken())
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
    fn a_kept_answer_opens_for_its_key_only_and_shows_nothing() {
        let seal = ResponseSeal::new("user:1", "key");
        let body = seal.seal(r#"{"access_token":"secret"}"#).unwrap();
        assert!(!body.contains("secret") && body != seal.seal(r#"{"access_token":"secret"}"#).unwrap());
        assert_eq!(seal.open(&body).unwrap(), r#"{"access_token":"secret"}"#);
        for other in [ResponseSeal::new("user:2", "key"), ResponseSeal::new("user:1", "other")] {
            assert!(other.open(&body).is_err());
        }
    }

    #[test]
    fn the_largest_answer_that_is_kept_fits_into_an_item() {
        let sealed = ResponseSeal::new("user:1", "key").seal(&"x".repeat(MAX_STORED_BODY_BYTES)).unwrap();
        assert!(
            (MAX_ITEM_BYTES - RESERVED_ITEM_BYTES - 4..=MAX_ITEM_BYTES - RESERVED_ITEM_BYTES)
                .contains(&sealed.len()),
            "{}",
            sealed.len()
        );
    }
}
