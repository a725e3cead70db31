//! Sends one e-mail, once, however often its job is delivered.

use std::time::Duration;

use entry::App;
use mailer::{
    Mailer,
    letters::{self, Recipient},
};
use model::Error;
use protocol::job::{Letter, SendMail};
use store::{
    once::{self, Claim},
    users,
};

/// How long a second delivery waits for the first, and how often it looks. Failing at once would bring it back only
/// after the queue's visibility timeout.
const LOOKS: u32 = 15;
const BETWEEN: Duration = Duration::from_millis(200);

/// Between SES's answer and the note that the mail is sent lies a crash that nobody can rule out: then it goes out twice
/// rather than not at all.
pub(crate) async fn send(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    let name = format!("mail#{}", job.id);
    if claim(app, &name).await? == Claim::Done {
        return Ok(());
    }
    match deliver(app, mailer, job).await {
        Ok(()) => Ok(once::finish(&app.store, &name, app.clock.now()).await?),
        Err(error) => {
            once::abandon(&app.store, &name).await?;
            Err(error)
        }
    }
}

/// `Yours` or `Done`.
async fn claim(app: &App, name: &str) -> Result<Claim, Error> {
    for _ in 0..LOOKS {
        let claim = once::claim(&app.store, name, app.clock.now()).await?;
        if claim != Claim::Running {
            return Ok(claim);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Error::unavailable("mail", "another delivery of this job is still at it"))
}

async fn deliver(app: &App, mailer: &Mailer, job: &SendMail) -> Result<(), Error> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, job.user, now).await?.filter(|user| user.is_active(now));
    let Some((user, email)) = user.as_ref().and_then(|user| Some((user, user.email.as_ref()?))) else {
        // somebody asked for a reset of an account that is not, or it was deleted meanwhile
        tracing::info!(user.id = %job.user, "nobody to write to");
        return Ok(());
    };
    let to = Recipient { email: email.as_str(), name: &user.name, public_url: &app.settings.public_url };
    let mail = match &job.letter {
        Letter::PasswordReset { token } => letters::password_reset(to, token)?,
        Letter::PasswordChanged => letters::password_changed(to)?,
    };
    mailer.send(mail).await?;
    tracing::info!(user.id = %job.user, "mail sent");
    Ok(())
}
