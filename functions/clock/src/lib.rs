//! The clock: every minute, whatever has fallen due. One mechanism for all that is later, and for enqueues that were lost:
//! an item is in the `due` index until its job has taken it out, so that it is sent again as long as it is there.
//!
//! | kind of item | job |
//! | --- | --- |
//! | `session` | `check_session` |

use entry::{App, Door, Environment, StartError};
use model::Error;
use protocol::job::CheckSession;
use store::due::{Due, due};

/// Items of one look; what is left is due a minute later too.
const MOST: usize = 5_000;
const PAGE: usize = 500;

/// `cron-clock`
#[expect(clippy::unused_async, reason = "every door is opened the same way")]
pub async fn cron(environment: Environment) -> Result<Door, StartError> {
    let app = App::start(&environment)?;
    Ok(entry::cron::door(app, |app| async move { tick(&app).await }))
}

async fn tick(app: &App) -> Result<(), Error> {
    let (mut cursor, mut sent) = (None, 0);
    while sent < MOST {
        let page = due(&app.store, PAGE, cursor.as_deref(), app.clock.now()).await?;
        for item in &page.items {
            send(app, item).await?;
            sent += 1;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    tracing::info!(sent, "what has fallen due was sent");
    Ok(())
}

async fn send(app: &App, item: &Due) -> Result<(), Error> {
    match item.kind.as_str() {
        "session" => app.queues.send(&CheckSession { session: item.id.into() }, app.clock.now()).await,
        kind => {
            tracing::error!(kind, "something is due that no job takes");
            Ok(())
        }
    }
}
