//! Sends one e-mail. A job that is delivered twice sends it once.

use entry::{App, run_once::run_once};
use jiff::SignedDuration;
use mailer::{
    Mailer,
    templates::{self, EmailMentionLine, EmailRecipient},
};
use model::Error;
use protocol::job::{EmailMention, EmailTemplate, SendMail};
use store::identity::users;

/// The lease of the claim. It is longer than the function's timeout of 30 s.
const LEASE: SignedDuration = SignedDuration::from_secs(35);

/// Sends the e-mail of a job. If the function dies after SES accepted the e-mail and before this is recorded, the e-mail is sent
/// twice. The alternative, to record it first, would lose the e-mail.
pub(crate) async fn send_mail(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    run_once(app, &format!("mail#{}", job.id), LEASE, deliver(app, mailer, job)).await
}

async fn deliver(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, job.user, now).await?.filter(|user| user.is_active(now));
    let Some((user, email)) = user.as_ref().and_then(|user| Some((user, user.email.as_ref()?))) else {
        // the account does not exist, or was deleted after the request
        tracing::info!(user.id = %job.user, "nobody to write to");
        return Ok(());
    };
    let to = EmailRecipient { email: email.as_str(), name: &user.name, public_url: &app.settings.public_url };
    let mail = match &job.template {
        EmailTemplate::PasswordReset { token } => templates::password_reset(to, token)?,
        EmailTemplate::PasswordChanged => templates::password_changed(to)?,
        EmailTemplate::ReportReady { session, title } => templates::report_ready(to, *session, title)?,
        EmailTemplate::MentionDigest { mentions, more } => {
            templates::mention_digest(to, &digest_lines(mentions), *more)?
        }
    };
    mailer.send(mail).await?;
    tracing::info!(user.id = %job.user, "mail sent");
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
