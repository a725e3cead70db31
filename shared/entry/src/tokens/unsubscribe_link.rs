//! The links that turn off e-mails. `worker-mail` makes them, which has no signing secret, so they are authenticated with a
//! secret that all functions share. A reader of the table could forge such a link. It turns off e-mails, and nothing else.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use model::{Error, UserId, notification::MailSubscription};
use serde::{Deserialize, Serialize};

use super::{
    TokenKeys,
    keyed_hash::{keyed_hash, matches},
};

/// The lifetime of a link. People find old e-mails in their archives.
const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);
const PURPOSE: &str = "unsubscribe";

/// The right to turn off one kind of e-mail of an account, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsubscribeLink {
    pub user: UserId,
    pub list: MailSubscription,
}

#[derive(Serialize, Deserialize)]
struct LinkClaims {
    #[serde(flatten)]
    link: UnsubscribeLink,
    exp: i64,
}

impl TokenKeys {
    /// Returns the proof in a link that turns off e-mails, for a year. A rotation of the keys leaves it valid as long as the
    /// previous key.
    ///
    /// # Errors
    /// `Unavailable` if the keys of the deployment cannot be read.
    pub async fn sign_unsubscribe(&self, link: &UnsubscribeLink, now: Timestamp) -> Result<String, Error> {
        let keys = self.current(now).await?;
        let keys = keys.as_ref().and_then(|keys| keys.shared_secrets.first());
        let newest = keys.ok_or_else(|| Error::unavailable("the table", "no keys are published yet"))?;
        let claims = LinkClaims { link: link.clone(), exp: (now + LIFETIME).as_second() };
        let claims = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).map_err(Error::internal)?);
        let hash = keyed_hash(newest, PURPOSE, &claims);
        Ok(format!("{claims}.{hash}"))
    }

    /// Returns the link of a proof, unless it was forged or has expired.
    ///
    /// # Errors
    /// `Unavailable` if the keys of the deployment cannot be read.
    pub async fn verify_unsubscribe(
        &self,
        proof: &str,
        now: Timestamp,
    ) -> Result<Option<UnsubscribeLink>, Error> {
        let Some(keys) = self.current(now).await? else { return Ok(None) };
        let link = proof.split_once('.').and_then(|(claims, hash)| {
            if !matches(&keys.shared_secrets, PURPOSE, claims, hash) {
                return None;
            }
            let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
            let LinkClaims { link, exp } = serde_json::from_slice(&claims).ok()?;
            (now.as_second() < exp).then_some(link)
        });
        Ok(link)
    }
}
