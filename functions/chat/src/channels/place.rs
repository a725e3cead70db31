//! What is somebody's alone in a channel.

use entry::App;
use model::{ChannelId, Error, UserId};
use store::{
    Written,
    members::{self, Place},
};

/// How often their other devices may change it at the same moment.
const TRIES: usize = 8;

/// Changes it, and says whether anything was to change: 1 read and 1 write unit.
///
/// # Errors
/// `NotFound` for whoever is not in it.
pub(crate) async fn rewrite(
    app: &App,
    user: UserId,
    channel: ChannelId,
    change: impl Fn(&mut Place),
) -> Result<(Place, bool), Error> {
    for _ in 0..TRIES {
        let place = members::place(&app.store, user, channel, app.clock.now()).await?;
        let before = place.ok_or(Error::NotFound("channel"))?;
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok((before, false));
        }
        if let Written::Done(after) = members::rewrite(&app.store, &before, after).await? {
            return Ok((after, true));
        }
    }
    Err(Error::unavailable("the table", "a place is changed all the time"))
}
