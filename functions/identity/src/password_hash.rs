//! Password hashes, argon2id with OWASP's smallest parameters, computed outside of the async threads.
//!
//! The originals' hashes are bcrypt. They verify, and the first login replaces them (RELIABILITY 1). A password that
//! bcrypt truncated at 72 bytes does not verify, because any text after these bytes would match.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use model::Error;
use store::identity::users::PasswordHash;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes that this process computes concurrently. A Lambda instance serves one request at a time. The local cloud
/// serves all of them, and 500 concurrent hashes would need 10 GB.
static HASH_PERMITS: Semaphore = Semaphore::const_new(4);

/// Guesses that a password must withstand. At ten guesses per quarter of an hour, 100,000 take a hundred days. Every
/// password of the usual lists falls in fewer than 30,000.
const MIN_GUESSES: u64 = 100_000;

/// Characters up to which a password is judged. No list contains longer passwords, and the time to judge one grows with
/// the square of its length.
const MAX_CHECKED_CHARS: usize = 40;

/// A hash that no password matches. It is verified if there is no account, so that both cases take the same time.
const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y29sbG9xdXktbm9ib2R5$e7ZC5+3cjA6IbKLLcbsvtDSyKUhNLQ+Qqk1iUyi6p4k";

/// The result of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordVerdict {
    Wrong,
    Right,
    /// The password is right, but its hash is weaker than today's.
    RightButWeak,
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|why| Error::internal(why.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let running = HASH_PERMITS.acquire().await.map_err(Error::internal)?;
    let done = spawn_blocking(work).await.map_err(Error::internal)?;
    drop(running);
    done
}

/// Hashes a password that the owner of an account chose. `about` contains facts about the owner that a guesser knows.
///
/// # Errors
/// `Invalid` for `field` if the password is easy to guess.
pub(crate) async fn hash_new_password(
    field: &'static str,
    password: &str,
    about: &[&str],
) -> Result<PasswordHash, Error> {
    let password = password.to_owned();
    let about: Vec<String> = about.iter().map(ToString::to_string).collect();
    run_blocking(move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        if is_easily_guessed(&password, &about) {
            return Err(Error::field(
                field,
                "is too easy to guess: use a few words that do not belong together",
            ));
        }
        hash_password(&password)
    })
    .await
}

/// Hashes a password that has just been verified.
pub(crate) async fn rehash_password(password: &str) -> Result<PasswordHash, Error> {
    let password = password.to_owned();
    run_blocking(move || hash_password(&password)).await
}

/// Verifies a password. It takes the same time without a hash.
pub(crate) async fn verify_password(
    password: &str,
    hash: Option<&PasswordHash>,
) -> Result<PasswordVerdict, Error> {
    let password = password.to_owned();
    let known = hash.is_some();
    let encoded = hash.map_or(DUMMY_HASH, PasswordHash::expose).to_owned();
    run_blocking(move || {
        let verdict = check_hash(&password, &encoded)?;
        Ok(if known { verdict } else { PasswordVerdict::Wrong })
    })
    .await
}

fn is_easily_guessed(password: &str, about: &[&str]) -> bool {
    if password.chars().count() > MAX_CHECKED_CHARS {
        let password = password.to_lowercase();
        return about.iter().any(|fact| fact.to_lowercase() == password);
    }
    zxcvbn::zxcvbn(password, about).guesses() < MIN_GUESSES
}

fn hash_password(password: &str) -> Result<PasswordHash, Error> {
    let hash =
        argon2()?.hash_password(password.as_bytes()).map_err(|why| Error::internal(why.to_string()))?;
    Ok(PasswordHash::new(hash.to_string()))
}

fn check_hash(password: &str, encoded: &str) -> Result<PasswordVerdict, Error> {
    if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| encoded.starts_with(prefix)) {
        // An error means that the password has more than 72 bytes or that the hash is damaged.
        let right = bcrypt::non_truncating_verify(password, encoded).unwrap_or(false);
        return Ok(if right { PasswordVerdict::RightButWeak } else { PasswordVerdict::Wrong });
    }
    let hash = phc::PasswordHash::new(encoded).map_err(|why| Error::internal(why.to_string()))?;
    match argon2()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) if is_weak(&hash) => Ok(PasswordVerdict::RightButWeak),
        Ok(()) => Ok(PasswordVerdict::Right),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(PasswordVerdict::Wrong),
        Err(why) => Err(Error::internal(why.to_string())),
    }
}

fn is_weak(hash: &phc::PasswordHash) -> bool {
    let strong = Params::try_from(hash).is_ok_and(|params| {
        params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES && params.p_cost() >= LANES
    });
    hash.algorithm.as_str() != Algorithm::Argon2id.as_str() || !strong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_contains_its_parameters_and_every_character_counts() {
        let long = "x".repeat(72);
        let hash = hash_password(&format!("{long}a")).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_eq!(check_hash(&format!("{long}a"), hash.expose()).unwrap(), PasswordVerdict::Right);
        assert_eq!(check_hash(&format!("{long}b"), hash.expose()).unwrap(), PasswordVerdict::Wrong);
        assert!(!format!("{hash:?}").contains("argon2"), "Debug does not print the hash");
    }

    #[test]
    fn weaker_hashes_are_right_but_weak() {
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).unwrap());
        let encoded = weak.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(check_hash("correct horse", &encoded).unwrap(), PasswordVerdict::RightButWeak);
        assert_eq!(check_hash("wrong horse", &encoded).unwrap(), PasswordVerdict::Wrong);
        let bcrypt = bcrypt::hash("correct horse", 4).unwrap();
        assert_eq!(check_hash("correct horse", &bcrypt).unwrap(), PasswordVerdict::RightButWeak);
        assert_eq!(check_hash("wrong horse", &bcrypt).unwrap(), PasswordVerdict::Wrong);
    }

    #[test]
    fn a_password_that_bcrypt_truncated_does_not_verify() {
        let cut = bcrypt::hash("x".repeat(72), 4).unwrap();
        assert_eq!(check_hash(&"x".repeat(73), &cut).unwrap(), PasswordVerdict::Wrong);
        assert_eq!(check_hash("correct horse", "$2b$broken").unwrap(), PasswordVerdict::Wrong);
    }

    #[tokio::test]
    async fn an_unknown_account_takes_as_long_to_verify() {
        assert_eq!(verify_password("", None).await.unwrap(), PasswordVerdict::Wrong);
        let [dummy, real] = [DUMMY_HASH, hash_password("x").unwrap().expose()].map(|encoded| {
            let hash = phc::PasswordHash::new(encoded).unwrap();
            (hash.algorithm.to_string(), Params::try_from(&hash).unwrap())
        });
        assert_eq!(dummy, real, "both hashes have the same parameters");
    }

    #[test]
    fn easily_guessed_passwords_are_refused() {
        for easy in
            ["password", "12345678", "qwertyuiop", "Password123!", "passw0rd12", "iloveyou1", "aaaaaaaaaaaa"]
        {
            assert!(is_easily_guessed(easy, &[]), "{easy}");
        }
        assert!(is_easily_guessed("ana.lima@example.com", &["ana.lima@example.com", "Ana Lima"]));
        for good in ["correct horse battery staple", "secret-password", "m\u{fc}sli-um-acht", &"x".repeat(64)]
        {
            assert!(!is_easily_guessed(good, &["ana@example.com"]), "{good}");
        }
    }
}
