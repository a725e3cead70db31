//! E-mail. The one place that decides who may receive which kind of e-mail.
//!
//! | job | file |
//! | --- | --- |
//! | `send_mail` | `send` |

mod send;

use entry::{
    App, Environment, LambdaFunction, StartError,
    worker::{JobTable, handler},
};
use mailer::Mailer;
use protocol::job::SendMail;

/// The state of the handler of `worker-mail`. Cheap to clone.
#[derive(Clone)]
pub struct MailWorker {
    app: App,
    mailer: Mailer,
}

pub fn jobs() -> JobTable<MailWorker> {
    JobTable::new([handler(|worker: MailWorker, job: SendMail| async move {
        send::send_mail(&worker.app, &worker.mailer, &job).await
    })])
}

/// Starts the function `worker-mail`.
pub async fn worker(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let mailer = entry::app::mailer(&environment)?;
    Ok(entry::worker::function(MailWorker { app, mailer }, jobs()))
}
