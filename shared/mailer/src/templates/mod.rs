//! The e-mails. Each has a subject, a text part and an HTML part, rendered from the templates beside this file.

use std::sync::LazyLock;

use minijinja::{Environment, Value, context, value::Serde};
use model::{Error, SessionId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::RenderedEmail;

/// Templates by name. Values in `.html` templates are escaped.
const TEMPLATES: [(&str, &str); 15] = [
    ("email_changed.html", include_str!("email_changed.html")),
    ("email_changed.txt", include_str!("email_changed.txt")),
    ("email_verification.html", include_str!("email_verification.html")),
    ("email_verification.txt", include_str!("email_verification.txt")),
    ("invitation.html", include_str!("invitation.html")),
    ("invitation.txt", include_str!("invitation.txt")),
    ("layout.html", include_str!("layout.html")),
    ("mention_digest.html", include_str!("mention_digest.html")),
    ("mention_digest.txt", include_str!("mention_digest.txt")),
    ("password_changed.html", include_str!("password_changed.html")),
    ("password_changed.txt", include_str!("password_changed.txt")),
    ("password_reset.html", include_str!("password_reset.html")),
    ("password_reset.txt", include_str!("password_reset.txt")),
    ("report_ready.html", include_str!("report_ready.html")),
    ("report_ready.txt", include_str!("report_ready.txt")),
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // A misspelt variable is an error, and not a gap in an e-mail.
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(|error| error.to_string())?;
    }
    Ok(environment)
});

/// The recipient of an e-mail, and the deployment that sends it.
#[derive(Clone, Copy, Debug)]
pub struct EmailRecipient<'a> {
    pub email: &'a str,
    /// The name of the account. `None` for an address that is not verified, because an account may have any words as its name, and its
    /// address may be that of a stranger.
    pub name: Option<&'a str>,
    /// The base URL of links.
    pub public_url: &'a str,
}

/// Contains the code and the link that prove the address.
pub fn email_verification(
    to: EmailRecipient<'_>,
    code: Option<&str>,
    token: &str,
) -> Result<RenderedEmail, Error> {
    let link = format!("{}/verify?token={token}", to.public_url);
    render(to, "Confirm your e-mail address", "email_verification", context! { link, code })
}

/// Informs the owner of the old address that the account has another one.
pub fn email_changed(to: EmailRecipient<'_>) -> Result<RenderedEmail, Error> {
    render(to, "Your e-mail address was changed", "email_changed", context! {})
}

/// Invites the recipient to register. The text is the same for every inviter.
pub fn invitation(to: EmailRecipient<'_>, token: &str) -> Result<RenderedEmail, Error> {
    let email = utf8_percent_encode(to.email, NON_ALPHANUMERIC);
    let link = format!("{}/invitation?token={token}&email={email}", to.public_url);
    render(to, "You are invited to a team", "invitation", context! { link, token })
}

/// Contains the link with which the recipient chooses a new password.
pub fn password_reset(to: EmailRecipient<'_>, token: &str) -> Result<RenderedEmail, Error> {
    let link = format!("{}/reset?token={token}", to.public_url);
    render(to, "Choose a new password", "password_reset", context! { link, token })
}

/// Informs the recipient that the password was changed.
pub fn password_changed(to: EmailRecipient<'_>) -> Result<RenderedEmail, Error> {
    render(to, "Your password was changed", "password_changed", context! {})
}

/// Informs a presenter that the report of a session is ready. Without a token, the link leads to the page to sign in. `unsubscribe` is the
/// token that turns off this kind of e-mail.
pub fn report_ready(
    to: EmailRecipient<'_>,
    session: SessionId,
    title: &str,
    token: Option<&str>,
    unsubscribe: &str,
) -> Result<RenderedEmail, Error> {
    let proof = token.map(|token| format!("&link={token}")).unwrap_or_default();
    let link = format!("{}/v1/sessions/{session}/report?format=html{proof}", to.public_url);
    let subject = format!("The report of {}", title.replace(char::is_control, " "));
    render_subscribed(to, &subject, "report_ready", unsubscribe, context! { link, title })
}

/// A missed mention.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EmailMentionLine<'a> {
    /// The name of the channel. `None` for a direct channel.
    pub channel: Option<&'a str>,
    pub from: &'a str,
    /// The beginning of the message, on one line.
    pub text: &'a str,
}

/// Lists missed mentions, and the number of further ones. `unsubscribe` is the token that turns off this kind of e-mail.
pub fn mention_digest(
    to: EmailRecipient<'_>,
    mentions: &[EmailMentionLine<'_>],
    more: usize,
    unsubscribe: &str,
) -> Result<RenderedEmail, Error> {
    let subject = match (mentions, more) {
        ([EmailMentionLine { channel: Some(channel), from, .. }], 0) => {
            format!("{from} mentioned you in #{channel}")
        }
        ([EmailMentionLine { channel: None, from, .. }], 0) => format!("{from} mentioned you"),
        _ => format!("You were mentioned {} times", mentions.len() + more),
    };
    let subject = subject.replace(char::is_control, " ");
    let values = context! { mentions => Serde(mentions), more };
    render_subscribed(to, &subject, "mention_digest", unsubscribe, values)
}

/// Renders an e-mail that its recipient can turn off. The link in the text leads to a page with a button, because mail scanners open
/// links. The URL in the header takes a POST of the mail program (RFC 8058).
fn render_subscribed(
    to: EmailRecipient<'_>,
    subject: &str,
    template: &str,
    token: &str,
    own: Value,
) -> Result<RenderedEmail, Error> {
    let page = format!("{}/unsubscribe?token={token}", to.public_url);
    let mail = render(to, subject, template, context! { unsubscribe => page, ..own })?;
    let url = format!("{}/v1/notifications/unsubscribe?token={token}", to.public_url);
    Ok(RenderedEmail { one_click_unsubscribe: Some(url), ..mail })
}

fn render(to: EmailRecipient<'_>, subject: &str, template: &str, own: Value) -> Result<RenderedEmail, Error> {
    let environment = ENVIRONMENT.as_ref().map_err(|error| Error::internal(error.as_str()))?;
    let EmailRecipient { email, name, public_url } = to;
    let values = context! { subject, name, public_url, ..own };
    let render_part = |ending: &str| {
        let template = environment.get_template(&format!("{template}.{ending}"))?;
        template.render(&values)
    };
    Ok(RenderedEmail {
        to: email.to_owned(),
        subject: subject.to_owned(),
        text: render_part("txt").map_err(Error::internal)?,
        html: render_part("html").map_err(Error::internal)?,
        one_click_unsubscribe: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: EmailRecipient<'_> = EmailRecipient {
        email: "ana@example.com",
        name: Some("Ana <b>"),
        public_url: "https://colloquy.example",
    };

    #[test]
    fn a_reset_carries_link_and_token() {
        let mail = password_reset(ANA, "T0ken-_").unwrap();
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ana@example.com", "Choose a new password"));
        assert!(mail.text.contains("\nhttps://colloquy.example/reset?token=T0ken-_\n"), "{}", mail.text);
        assert!(mail.text.contains("\nT0ken-_\n"), "{}", mail.text);
        assert!(mail.html.contains("reset?token=T0ken-_\""), "{}", mail.html);
        assert!(mail.html.contains("<code>T0ken-_</code>"), "{}", mail.html);
    }

    #[test]
    fn a_digest_names_the_channel_the_author_and_the_text() {
        let in_channel = EmailMentionLine { channel: Some("herons"), from: "Bo", text: "@ana <b>look</b>" };
        let mail = mention_digest(ANA, &[in_channel], 0, "U").unwrap();
        assert_eq!(mail.subject, "Bo mentioned you in #herons");
        assert!(mail.text.contains("\n#herons, Bo:\n  @ana <b>look</b>\n"), "{}", mail.text);
        assert!(mail.html.contains("@ana &lt;b&gt;look&lt;&#x2f;b&gt;"), "{}", mail.html);
        assert!(!mail.text.contains("more"), "{}", mail.text);
        let direct = EmailMentionLine { channel: None, ..in_channel };
        assert_eq!(mention_digest(ANA, &[direct], 0, "U").unwrap().subject, "Bo mentioned you");
        let many = mention_digest(ANA, &[in_channel, direct], 3, "U").unwrap();
        assert_eq!(many.subject, "You were mentioned 5 times");
        assert!(many.text.contains("\n\nBo:\n") && many.text.contains("\nand 3 more.\n"), "{}", many.text);
        assert!(many.html.contains("and 3 more."), "{}", many.html);
    }

    #[test]
    fn pages_are_escaped_and_texts_are_not() {
        let mail = password_changed(ANA).unwrap();
        assert!(mail.html.contains("Hello Ana &lt;b&gt;,"), "{}", mail.html);
        assert!(mail.text.starts_with("Hello Ana <b>,"), "{}", mail.text);
    }

    #[test]
    fn a_verification_carries_code_and_link_and_no_name() {
        let mail = email_verification(ANA, Some("012345"), "T0ken-_").unwrap();
        assert!(mail.text.contains("\n012345\n"), "{}", mail.text);
        assert!(mail.text.contains("\nhttps://colloquy.example/verify?token=T0ken-_\n"), "{}", mail.text);
        assert!(
            mail.html.contains("<code>012345</code>") && mail.html.contains("verify?token=T0ken-_\""),
            "{}",
            mail.html
        );
        assert!(!mail.text.contains("Ana"), "{}", mail.text);
        let mail = email_verification(ANA, None, "T0ken-_").unwrap();
        for text in [&mail.text, &mail.html] {
            assert!(text.contains("verify?token=T0ken-_") && !text.contains("this code"), "{text}");
        }
        let nameless = EmailRecipient { name: None, ..ANA };
        let mail = password_reset(nameless, "T").unwrap();
        assert!(mail.text.starts_with("Hello,\n") && mail.html.contains("<p>Hello,</p>"), "{}", mail.text);
    }

    #[test]
    fn an_invitation_carries_the_link_with_the_address() {
        let to = EmailRecipient { email: "bo+x@example.com", name: None, ..ANA };
        let mail = invitation(to, "T0ken-_").unwrap();
        let link = "https://colloquy.example/invitation?token=T0ken-_&email=bo%2Bx%40example%2Ecom";
        assert!(mail.text.contains(&format!("\n{link}\n")), "{}", mail.text);
        assert!(mail.html.contains("invitation?token=T0ken-_&amp;email=bo%2Bx"), "{}", mail.html);
    }

    #[test]
    fn subscribed_mails_can_be_turned_off() {
        let report =
            report_ready(ANA, "0190a000-0000-7000-8000-000000000001".parse().unwrap(), "Herons", None, "U.t")
                .unwrap();
        let digest = mention_digest(ANA, &[], 2, "U.t").unwrap();
        for mail in [report, digest] {
            let url = "https://colloquy.example/v1/notifications/unsubscribe?token=U.t";
            assert_eq!(mail.one_click_unsubscribe.as_deref(), Some(url));
            assert!(mail.text.ends_with(" https://colloquy.example/unsubscribe?token=U.t"), "{}", mail.text);
            assert!(mail.html.contains("unsubscribe?token=U.t\""), "{}", mail.html);
        }
        assert_eq!(password_changed(ANA).unwrap().one_click_unsubscribe, None);
    }

    #[test]
    fn every_template_is_readable() {
        assert!(ENVIRONMENT.is_ok(), "{:?}", ENVIRONMENT.as_ref().err());
    }
}
