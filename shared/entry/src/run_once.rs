//! A deed that is done once, however often its job is delivered.

use std::{future::Future, time::Duration};

use jiff::SignedDuration;
use model::Error;
use store::platform::once_claims::{self, OnceClaim};

use crate::App;

/// How long a second delivery waits for the first, and how often it looks. Failing at once would bring it back only
/// after the queue's visibility timeout.
const MAX_POLLS: u32 = 15;
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Does it, unless it is done already. Whoever holds it longer than `lease` is taken for dead: a little more than the
/// function's timeout. A failure gives it back at once.
///
/// # Errors
/// What the deed says; `Unavailable` while another delivery is at it.
pub async fn run_once(
    app: &App,
    name: &str,
    lease: SignedDuration,
    deed: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    if wait_for_claim(app, name, lease).await? == OnceClaim::Done {
        return Ok(());
    }
    match deed.await {
        Ok(()) => Ok(once_claims::finish(&app.store, name, app.clock.now()).await?),
        Err(error) => {
            once_claims::abandon(&app.store, name).await?;
            Err(error)
        }
    }
}

/// `Yours` or `Done`.
async fn wait_for_claim(app: &App, name: &str, lease: SignedDuration) -> Result<OnceClaim, Error> {
    for _ in 0..MAX_POLLS {
        let claim = once_claims::claim(&app.store, name, lease, app.clock.now()).await?;
        if claim != OnceClaim::Running {
            return Ok(claim);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(Error::unavailable("the job", "another delivery of it is still at it"))
}
