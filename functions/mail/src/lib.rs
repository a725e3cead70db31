//! E-mail.
//!
//! | job | file |
//! | --- | --- |
//! | `send_mail.v1` | [`send`] |

mod send;

use entry::{App, Environment, LambdaFunction, StartError};
use protocol::job::SendMail;

/// `worker-mail`.
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let mailer = entry::app::mailer(&environment)?;
    Ok(entry::worker::function(app, move |app, delivery| {
        let mailer = mailer.clone();
        async move {
            match delivery.decode::<SendMail>() {
                Some(job) => send::send_mail(&app, &mailer, &job?).await,
                None => Err(delivery.unknown_job_error()),
            }
        }
    }))
}
