//! Operations that run once, however often their job is delivered.

use std::{future::Future, time::Duration};

use jiff::SignedDuration;
use model::Error;
use store::platform::once_claims::{self, OnceClaim};

use crate::App;

/// How often a second delivery polls for the end of the first one. An immediate failure would return the job only after
/// the visibility timeout of the queue.
const MAX_POLLS: u32 = 15;
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Runs an operation unless it is done already. A delivery that holds the claim longer than `lease` is considered dead,
/// so `lease` is slightly longer than the timeout of the function. A failure releases the claim.
///
/// # Errors
/// Returns the error of the operation. Returns `Unavailable` while another delivery is running.
pub async fn run_once(
    app: &App,
    name: &str,
    lease: SignedDuration,
    operation: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    if wait_for_claim(app, name, lease).await? == OnceClaim::Done {
        return Ok(());
    }
    match operation.await {
        Ok(()) => Ok(once_claims::finish(&app.store, name, app.clock.now()).await?),
        Err(error) => {
            once_claims::abandon(&app.store, name).await?;
            Err(error)
        }
    }
}

/// Waits until the claim is acquired or the operation is done.
async fn wait_for_claim(app: &App, name: &str, lease: SignedDuration) -> Result<OnceClaim, Error> {
    for _ in 0..MAX_POLLS {
        let claim = once_claims::claim(&app.store, name, lease, app.clock.now()).await?;
        if claim != OnceClaim::Running {
            return Ok(claim);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(Error::unavailable("the job", "another delivery of the job is still running"))
}
