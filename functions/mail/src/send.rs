//! Sends one e-mail, once, even if its job is delivered several times.

use entry::{App, run_once::run_once, tokens::UnsubscribeLink};
use jiff::SignedDuration;
use mailer::{
    Mailer, RenderedEmail,
    templates::{self, EmailMentionLine, EmailRecipient},
};
use model::{Error, UserId, user::EmailAddress};
use protocol::job::{EmailMention, EmailTemplate, MailAudience, MailRecipient, SendMail};
use store::{ReadConsistency, chat::notification_preferences, identity::users};

/// Longer than the function's timeout of 30 s.
const LEASE: SignedDuration = SignedDuration::from_secs(35);

/// Sends the e-mail of a job.
///
/// The worker can crash after SES has accepted the e-mail and before that is stored. The e-mail is then sent twice, which is better
/// than never.
pub(crate) async fn send_mail(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    run_once(app, &format!("mail#{}", job.id), LEASE, deliver(app, mailer, job)).await
}

async fn deliver(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    let Some(recipient) = find_recipient(app, job).await? else { return Ok(()) };
    mailer.send(render(app, job, &recipient).await?).await?;
    tracing::info!("e-mail sent");
    Ok(())
}

/// Where an e-mail goes.
struct Recipient {
    email: EmailAddress,
    name: Option<String>,
    user: Option<UserId>,
}

/// Returns the recipient, or `None` if the e-mail must not be sent. It is the only place that decides this, so that no sender of a job
/// can forget it. See [`EmailTemplate::audience`].
async fn find_recipient(app: &App, job: &SendMail) -> Result<Option<Recipient>, Error> {
    let needs_verified = match (job.template.audience(), &job.to) {
        (MailAudience::Address, MailRecipient::Address(email)) => {
            return Ok(Some(Recipient { email: email.clone(), name: None, user: None }));
        }
        (MailAudience::Account, MailRecipient::User(_)) => false,
        (MailAudience::VerifiedAccount, MailRecipient::User(_)) => true,
        (audience, MailRecipient::Address(_) | MailRecipient::User(_)) => {
            let why = format!("an e-mail for {audience:?} has another kind of recipient");
            return Err(Error::internal(why));
        }
    };
    let MailRecipient::User(id) = job.to else { return Ok(None) };
    let now = app.clock.now();
    let user = users::get_strong(&app.store, id, now).await?.filter(|user| user.is_active(now));
    let Some((user, email)) = user.as_ref().and_then(|user| Some((user, user.email.as_ref()?))) else {
        // The account does not exist, is disabled, or was deleted meanwhile.
        tracing::info!(user.id = %id, "no recipient");
        return Ok(None);
    };
    let is_verified = user.verified_email().is_some();
    if needs_verified && !is_verified {
        tracing::info!(user.id = %id, "the address is not verified, no e-mail is sent");
        return Ok(None);
    }
    if let Some(subscription) = job.template.subscription() {
        let preferences = notification_preferences::get(&app.store, id, ReadConsistency::Strong, now).await?;
        if !preferences.receives(subscription) {
            tracing::info!(user.id = %id, ?subscription, "the user does not want this e-mail");
            return Ok(None);
        }
    }
    let name = is_verified.then(|| user.name.clone());
    Ok(Some(Recipient { email: email.clone(), name, user: Some(id) }))
}

async fn render(app: &App, job: &SendMail, recipient: &Recipient) -> Result<RenderedEmail, Error> {
    let to = EmailRecipient {
        email: recipient.email.as_str(),
        name: recipient.name.as_deref(),
        public_url: &app.settings.public_url,
    };
    let unsubscribe = match (recipient.user, job.template.subscription()) {
        (Some(user), Some(list)) => {
            app.tokens.sign_unsubscribe(&UnsubscribeLink { user, list }, app.clock.now()).await?
        }
        _ => String::new(),
    };
    match &job.template {
        EmailTemplate::EmailVerification { code, token } => {
            templates::email_verification(to, code.as_deref(), token)
        }
        EmailTemplate::EmailChanged => templates::email_changed(to),
        EmailTemplate::Invitation { token } => templates::invitation(to, token),
        EmailTemplate::PasswordReset { token } => templates::password_reset(to, token),
        EmailTemplate::PasswordChanged => templates::password_changed(to),
        EmailTemplate::ReportReady { session, title, token } => {
            templates::report_ready(to, *session, title, token.as_deref(), &unsubscribe)
        }
        EmailTemplate::MentionDigest { mentions, more } => {
            templates::mention_digest(to, &digest_lines(mentions), *more, &unsubscribe)
        }
    }
}

fn digest_lines(mentions: &[EmailMention]) -> Vec<EmailMentionLine<'_>> {
    let lines = mentions.iter().map(|missed| EmailMentionLine {
        channel: missed.channel.as_deref(),
        from: &missed.from,
        text: &missed.text,
    });
    lines.collect()
}
