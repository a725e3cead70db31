use entry::App;
use model::{
    Error, ErrorCode,
    session::{EndReason, SessionTransition},
};
use protocol::job::EndSession;

use crate::{instance_state::InstanceState, lifecycle::apply_transition};

/// Ends a session on behalf of an administrator. The job runs here and not in `identity`, because only this crate knows
/// how a session ends.
///
/// # Errors
/// Fails if the session cannot be read or written.
pub async fn run(app: &App, state: &InstanceState, job: &EndSession) -> Result<(), Error> {
    let ended =
        apply_transition(app, state, job.session, None, SessionTransition::End, EndReason::Admin).await;
    match ended {
        // the session has ended or was deleted in between, which is what the administrator wanted
        Err(Error::Conflict(ErrorCode::SessionEnded, _) | Error::NotFound(_)) => Ok(()),
        ended => ended.map(drop),
    }
}
