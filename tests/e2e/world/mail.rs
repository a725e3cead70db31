//! The e-mails of a local cloud, which a story can read.

use serde_json::json;
use testkit::SentEmail;

use super::{User, World};

/// The subject of the e-mail that proves an address.
pub(crate) const VERIFICATION: &str = "Confirm your e-mail address";

/// What an e-mail that proves an address contains.
pub(crate) struct VerificationMail {
    pub(crate) code: String,
    pub(crate) token: String,
}

impl World {
    /// Returns all e-mails to an address, oldest first, after the jobs that send them.
    pub(crate) async fn mails_to(&self, address: &str) -> Vec<SentEmail> {
        self.wait_for_jobs().await;
        let sent = self.local_cloud().emulator().ses().emails().into_iter();
        sent.filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }

    /// Returns the newest e-mail to an address that has this subject.
    pub(crate) async fn newest_mail(&self, address: &str, subject: &str) -> SentEmail {
        let mut sent = self.mails_to(address).await;
        sent.retain(|mail| mail.subject == subject);
        sent.pop().unwrap_or_else(|| panic!("no e-mail {subject:?} to {address}"))
    }

    /// Returns the token of the newest e-mail that proves an address and has no code, because an admin caused it.
    pub(crate) async fn verification_mail_by_admin(&self, address: &str) -> String {
        let mail = self.newest_mail(address, VERIFICATION).await;
        let text = mail.text.clone().unwrap_or_default();
        assert!(!text.contains("code"), "{text}");
        token_of(&mail, "/verify")
    }

    /// Returns the code and the token of the newest e-mail that proves an address.
    pub(crate) async fn verification_mail(&self, address: &str) -> VerificationMail {
        let mail = self.newest_mail(address, VERIFICATION).await;
        let text = mail.text.clone().unwrap_or_default();
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let code = text.lines().find(is_code).unwrap_or_else(|| panic!("no code in {text}"));
        VerificationMail { code: code.to_owned(), token: token_of(&mail, "/verify") }
    }
}

/// Returns the token of the link to a page.
pub(crate) fn token_of(mail: &SentEmail, page: &str) -> String {
    let part = format!("{page}?token=");
    let token = mail.links.iter().find_map(|link| link.split_once(&part).map(|(_, token)| token));
    let token = token.unwrap_or_else(|| panic!("no link to {page} in {:?}", mail.links));
    token.split('&').next().unwrap_or_default().to_owned()
}

impl User {
    /// Verifies the address with the code of the newest e-mail.
    pub(crate) async fn verify_email(&self, world: &World) {
        let code = world.verification_mail(&self.email).await.code;
        let body = json!({ "code": code });
        self.client.post("/v1/auth/email-verification/confirm", &body).await.ok(200);
    }
}
