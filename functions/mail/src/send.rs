//! Sends one e-mail, once, even if its job is delivered several times.

use entry::{App, run_once::run_once};
use jiff::SignedDuration;
use mailer::{
    Mailer,
    templates::{self, EmailMentionLine, EmailRecipient},
};
use model::Error;
use protocol::job::{EmailMention, EmailTemplate, SendMail};
use store::identity::users;

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
    let now = app.clock.now();
    let user = users::get_strong(&app.store, job.user, now).await?.filter(|user| user.is_active(now));
    let Some((user, email)) = user.as_ref().and_then(|user| Some((user, user.email.as_ref()?))) else {
        // The account does not exist, is disabled, or was deleted meanwhile.
        tracing::info!(user.id = %job.user, "no recipient");
        return Ok(());
    };
    let recipient =
        EmailRecipient { email: email.as_str(), name: &user.name, public_url: &app.settings.public_url };
    let mail = match &job.template {
        EmailTemplate::PasswordReset { token } => templates::password_reset(recipient, token)?,
        EmailTemplate::PasswordChanged => templates::password_changed(recipient)?,
        EmailTemplate::ReportReady { session, title, token } => {
            templates::report_ready(recipient, *session, title, token.as_deref())?
        }
        EmailTemplate::MentionDigest { mentions, more } => {
            templates::mention_digest(recipient, &digest_lines(mentions), *more)?
        }
    };
    mailer.send(mail).await?;
    tracing::info!(user.id = %job.user, "e-mail sent");
    Ok(())
}

fn digest_lines(mentions: &[EmailMention]) -> Vec<EmailMentionLine<'_>> {
    let lines = mentions.iter().map(|missed| EmailMentionLine {
        channel: missed.channel.as_deref(),
        from: &missed.from,
        text: &missed.text,
    });
    lines.collect()
}
