//! `Idempotency-Key` on a POST (draft-ietf-httpapi-idempotency-key-header-07): same key and body, same answer; another
//! body, 422; the first one still running, 409. A key is its caller's alone; of who
//! has no account yet, their network's. Failures that may pass (429, 5xx) are not
//! kept: the next try runs.
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
use http::{HeaderName, HeaderValue, Method, StatusCode};
use model::{Code, Error};
use rand::RngExt;
use sha2::{Digest, Sha256};
use store::idempotency::{Begun, Stored, abandon, begin, finish};

use super::{
    BODY_LIMIT, caller,
    error::{self, Failure},
};
use crate::App;

const HEADER: &str = "idempotency-key";
/// Bytes of an answer that is kept: an item takes 400 KB.
const KEPT_LIMIT: usize = 300 * 1024;
/// Headers of an answer that are kept. `set-cookie` is not: a stored answer must not hand out a session again.
const KEPT_HEADERS: [&str; 2] = ["content-type", "location"];

pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get(HEADER).cloned();
    match key {
        Some(key) if request.method() == Method::POST => match once(&app, &key, request, next).await {
            Ok(answer) => answer,
            Err(failure) => failure.into_response(),
        },
        _ => next.run(request).await,
    }
}

async fn once(app: &App, key: &HeaderValue, request: Request, next: Next) -> Result<Response, Failure> {
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let key = key.ok_or_else(|| Error::field("Idempotency-Key", "has 1 to 255 visible characters"))?;
    let who = caller::claimed(app, request.headers()).unwrap_or_else(|| {
        let source = caller::Source::of(request.extensions(), request.headers());
        format!("anonymous:{}", source.network())
    });
    let hash = digest(&[who.as_bytes(), request.uri().path().as_bytes(), key.as_bytes()]);
    let (parts, body) = request.into_parts();
    // a body over the limit is refused further in, with its own error
    let body = to_bytes(body, BODY_LIMIT + 1).await.unwrap_or_else(|_| vec![b' '; BODY_LIMIT + 1].into());
    let body_hash = digest(&[&body]);
    let seal = Seal::new(&who, key);
    match begin(&app.store, &hash, &body_hash, app.clock.now()).await? {
        Begun::Run => {}
        Begun::Before(record) if record.body_hash != body_hash => {
            let why = "this Idempotency-Key came with another body before";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Failure::Transport(status, Code::IdempotencyKeyReused, why.into()));
        }
        Begun::Before(record) => {
            let running = "the first request with this Idempotency-Key is still running";
            let stored = record.answer.ok_or_else(|| Error::conflict(Code::Conflict, running))?;
            return Ok(replay(seal.open(stored)?));
        }
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    keep(app, &hash, &body_hash, &seal, answer).await
}

async fn keep(
    app: &App,
    hash: &str,
    body_hash: &str,
    seal: &Seal,
    answer: Response,
) -> Result<Response, Failure> {
    let status = answer.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        abandon(&app.store, hash).await?;
        return Ok(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(Error::internal)?;
    if let (true, Ok(text)) = (body.len() <= KEPT_LIMIT, std::str::from_utf8(&body)) {
        let headers = KEPT_HEADERS
            .iter()
            .filter_map(|name| {
                Some(((*name).to_owned(), parts.headers.get(*name)?.to_str().ok()?.to_owned()))
            })
            .collect();
        let stored = Stored { status: status.as_u16(), headers, body: seal.close(text)? };
        finish(&app.store, hash, body_hash, stored, app.clock.now()).await?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(stored: Stored) -> Response {
    // an error says which request it answers, so `observe` must know it for one
    let error = serde_json::from_str::<error::Body>(&stored.body).ok().filter(|_| stored.status >= 400);
    let mut answer = Response::new(Body::from(stored.body));
    if let Some(error) = error {
        answer.extensions_mut().insert(error);
    }
    *answer.status_mut() = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in stored.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    answer
}

/// Seals and opens the answer to one key of one caller.
struct Seal(ChaCha20Poly1305);

/// Bytes of a nonce, in front of what it sealed.
const NONCE: usize = 12;

impl Seal {
    fn new(who: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in ["seal", who, key] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(ChaCha20Poly1305::new(&hash.finalize()))
    }

    fn close(&self, body: &str) -> Result<String, Error> {
        let nonce: [u8; NONCE] = rand::rng().random();
        let sealed = self.0.encrypt(&nonce.into(), body.as_bytes());
        let sealed = sealed.map_err(|error| Error::internal(error.to_string()))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, stored: Stored) -> Result<Stored, Error> {
        let broken = || Error::internal("a kept answer cannot be opened");
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(&stored.body).map_err(|_| broken())?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let body = self.0.decrypt(&(*nonce).into(), sealed).map_err(|_| broken())?;
        Ok(Stored { body: String::from_utf8(body).map_err(|_| broken())?, ..stored })
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
        let seal = Seal::new("user:1", "key");
        let body = seal.close(r#"{"access_token":"secret"}"#).unwrap();
        assert!(!body.contains("secret") && body != seal.close(r#"{"access_token":"secret"}"#).unwrap());
        let stored = Stored { status: 201, headers: Vec::new(), body };
        assert_eq!(seal.open(stored.clone()).unwrap().body, r#"{"access_token":"secret"}"#);
        for other in [Seal::new("user:2", "key"), Seal::new("user:1", "other")] {
            assert!(other.open(stored.clone()).is_err());
        }
    }
}
