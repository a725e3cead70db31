use entry::App;
use model::{
    Error, ErrorCode,
    session::{EndReason, SessionTransition},
};
use protocol::job::EndSession;

use crate::{InstanceState, moves};

/// Ends a session because an admin wants it. Here and not in `identity`: how a session ends is known here.
pub async fn run(app: &App, hot: &InstanceState, job: &EndSession) -> Result<(), Error> {
    let ended = moves::apply_transition(
        app,
        &hot.count_scheduler,
        job.session,
        None,
        SessionTransition::End,
        EndReason::Admin,
    )
    .await;
    match ended {
        // it ended meanwhile, or is gone: what was wanted
        Err(Error::Conflict(ErrorCode::SessionEnded, _) | Error::NotFound(_)) => Ok(()),
        ended => ended.map(drop),
    }
}
