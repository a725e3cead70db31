//! The keys of tokens: which functions have the secret, how they publish the public keys, and how a secret is rotated.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entry::{
    Clock, Environment, StartError,
    tokens::{ACCESS_TOKEN_LIFETIME, AccessToken, RefreshToken, TokenKeys},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use testkit::{TestCloud, fixed_time};
use uuid::Uuid;

/// The longest time that a key which is no longer published is accepted.
const KEYS_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two reads that unknown keys cause.
const UNKNOWN_KEY_PAUSE: SignedDuration = SignedDuration::from_secs(1);
const OLD: &str = "an-older-secret-of-more-than-32-characters";
const NEW: &str = "a-newer-secret-of-more-than-32-characters!";

/// A deployment whose functions start with different secrets.
struct Deployment(TestCloud);

impl Deployment {
    async fn start() -> Self {
        Self(TestCloud::at_fixed_time().await)
    }

    fn function(&self, secret: Option<&str>) -> Result<TokenKeys, StartError> {
        let variables = secret.map(|secret| ("SIGNING_SECRET".to_owned(), secret.to_owned()));
        let environment = Environment::new(variables.into_iter().collect(), Clock::default());
        TokenKeys::new(&environment, self.0.store())
    }

    fn signer(&self, current: &str, previous: &str, revision: &str) -> TokenKeys {
        let secret = json!({ "current": current, "previous": previous, "revision": revision });
        self.function(Some(&secret.to_string())).unwrap()
    }

    fn verifier(&self) -> TokenKeys {
        self.function(None).unwrap()
    }
}

fn access() -> AccessToken {
    AccessToken { user: Uuid::from_u128(1).into(), login: Uuid::from_u128(2).into() }
}

async fn is_accepted(keys: &TokenKeys, token: &str, now: Timestamp) -> bool {
    keys.verify::<AccessToken>(token, now).await.unwrap() == Some(access())
}

#[tokio::test]
async fn a_token_is_valid_for_its_kind_and_its_lifetime() {
    let deployment = Deployment::start().await;
    let tokens = deployment.signer(NEW, "none", "1");
    let now = fixed_time();
    let token = tokens.sign(&access(), now).await.unwrap();
    assert!(is_accepted(&tokens, &token, now).await);
    assert_eq!(tokens.verify::<RefreshToken>(&token, now).await.unwrap(), None);
    assert!(!is_accepted(&tokens, &token, now + ACCESS_TOKEN_LIFETIME).await, "expired");
    assert!(!is_accepted(&tokens, &token, now - SignedDuration::from_secs(60)).await, "not valid yet");
    assert!(!is_accepted(&tokens, &format!("{token}x"), now).await);
}

#[tokio::test]
async fn the_same_refresh_token_can_be_made_again() {
    let deployment = Deployment::start().await;
    let tokens = deployment.signer(NEW, "none", "1");
    let now = fixed_time();
    let AccessToken { user, login } = access();
    let refresh = RefreshToken { user, login, generation: 7 };
    assert_eq!(tokens.sign(&refresh, now).await.unwrap(), tokens.sign(&refresh, now).await.unwrap());
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let (deployment, other) = (Deployment::start().await, Deployment::start().await);
    let tokens = deployment.signer(NEW, "none", "1");
    let others = other.signer(OLD, "none", "1");
    let now = fixed_time();
    let foreign = others.sign(&access(), now).await.unwrap();
    assert!(!is_accepted(&tokens, &foreign, now).await, "another key");
    let token = tokens.sign(&access(), now).await.unwrap();
    let [_, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let jwks = tokens.jwks(now).await.unwrap();
    let [kid, x] = ["kid", "x"].map(|field| jwks["keys"][0][field].as_str().unwrap());
    for header in [
        format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA"}"#.to_owned(),
        format!(r#"{{"alg":"EdDSA","kid":"other","jku":"http://evil.example","was":"{kid}"}}"#),
    ] {
        let header_part = BASE64_URL_SAFE_NO_PAD.encode(&header);
        for signature in [signature, ""] {
            let forged = format!("{header_part}.{claims}.{signature}");
            assert!(!is_accepted(&tokens, &forged, now).await, "{header}");
        }
    }
    // the public key as an HMAC secret
    let hmac = jsonwebtoken::encode(
        &Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) },
        &json!({"typ": "access", "aud": "colloquy", "iss": "colloquy", "exp": now.as_second() + 60,
            "iat": 0, "nbf": 0, "sub": access().user, "sid": access().login}),
        &EncodingKey::from_secret(x.as_bytes()),
    )
    .unwrap();
    assert!(!is_accepted(&tokens, &hmac, now).await);
}

#[tokio::test]
async fn a_function_without_the_secret_verifies_and_cannot_sign() {
    let deployment = Deployment::start().await;
    let verifier = deployment.verifier();
    let now = fixed_time();
    // A stack whose functions start for the first time: no key is published, and no token exists.
    verifier.load(now).await.unwrap();
    assert!(!is_accepted(&verifier, "no.token.yet", now).await);
    let token = deployment.signer(NEW, "none", "1").sign(&access(), now).await.unwrap();
    assert!(is_accepted(&verifier, &token, now).await);
    let error = verifier.sign(&access(), now).await.unwrap_err();
    assert!(format!("{error:?}").contains("SIGNING_SECRET"), "{error:?}");
}

#[tokio::test]
async fn a_secret_is_rotated_while_its_tokens_are_valid() {
    let deployment = Deployment::start().await;
    let now = fixed_time();
    let before = deployment.signer(OLD, "none", "1");
    let token_before = before.sign(&access(), now).await.unwrap();
    let verifier = deployment.verifier();
    assert!(is_accepted(&verifier, &token_before, now).await);

    // One deploy is enough for the functions that verify, because they read the keys again at an unknown one.
    let after = deployment.signer(NEW, OLD, "2");
    let token_after = after.sign(&access(), now).await.unwrap();
    let soon = now + UNKNOWN_KEY_PAUSE;
    for keys in [&verifier, &before, &after] {
        assert!(is_accepted(keys, &token_after, soon).await);
        assert!(is_accepted(keys, &token_before, soon).await);
    }
    assert_eq!(verifier.jwks(soon).await.unwrap()["keys"].as_array().map(Vec::len), Some(2));

    // An instance of the last release starts late. It signs with the old key and replaces nothing.
    let late = deployment.signer(OLD, "none", "1");
    let token_late = late.sign(&access(), soon).await.unwrap();
    assert!(is_accepted(&late, &token_after, soon).await && is_accepted(&verifier, &token_late, soon).await);

    // The old key has leaked. Its tokens end within five minutes, also those that an instance remembers.
    deployment.signer(NEW, "none", "3").load(soon).await.unwrap();
    let end = soon + KEYS_LIFETIME;
    for keys in [&verifier, &before, &late] {
        assert!(!is_accepted(keys, &token_before, end).await);
        assert!(is_accepted(keys, &token_after, end).await);
    }
}

#[tokio::test]
async fn unknown_keys_cause_at_most_one_read_a_second() {
    let deployment = Deployment::start().await;
    let now = fixed_time();
    deployment.signer(OLD, "none", "1").load(now).await.unwrap();
    let verifier = deployment.verifier();
    verifier.load(now).await.unwrap();
    let token = deployment.signer(NEW, OLD, "2").sign(&access(), now).await.unwrap();
    assert!(!is_accepted(&verifier, &token, now).await, "the keys were read in this second");
    assert!(is_accepted(&verifier, &token, now + UNKNOWN_KEY_PAUSE).await);
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let deployment = Deployment::start().await;
    for (secret, named) in [
        (NEW.to_owned(), "`current`"),
        (json!({ "current": NEW, "previous": "none" }).to_string(), "`revision`"),
        (json!({ "current": NEW, "previous": "none", "revision": "two" }).to_string(), "`revision`"),
        (json!({ "current": "short", "previous": "none", "revision": "1" }).to_string(), "32"),
        (json!({ "current": NEW, "previous": "short", "revision": "1" }).to_string(), "32"),
    ] {
        let error = deployment.function(Some(&secret)).map(drop).unwrap_err().to_string();
        assert!(error.contains(named) && !error.contains(NEW), "{secret}: {error}");
    }
    let now = fixed_time();
    deployment.signer(OLD, "none", "1").load(now).await.unwrap();
    let error = deployment.signer(NEW, OLD, "1").sign(&access(), now).await.unwrap_err();
    assert!(format!("{error:?}").contains("revision 1 of the signing secret"), "{error:?}");
}
