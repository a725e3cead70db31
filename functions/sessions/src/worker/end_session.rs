use entry::App;
use model::{
    Code, Error,
    session::{EndReason, Move},
};
use protocol::job::EndSession;

use crate::{Hot, moves};

/// Ends a session because an admin wants it. Here and not in `identity`: how a session ends is known here.
pub async fn run(app: &App, hot: &Hot, job: &EndSession) -> Result<(), Error> {
    let ended = moves::make(app, &hot.announcer, job.session, None, Move::End, EndReason::Admin).await;
    match ended {
        // it ended meanwhile, or is gone: what was wanted
        Err(Error::Conflict(Code::SessionEnded, _) | Error::NotFound(_)) => Ok(()),
        ended => ended.map(drop),
    }
}
