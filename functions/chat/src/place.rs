//! What is somebody's alone in a channel.

use entry::App;
use model::{ChannelId, Error, UserId};
use store::{
    WriteOutcome,
    chat::memberships::{self, Membership},
};

/// How often their other devices may change it at the same moment.
const MAX_ATTEMPTS: usize = 8;

/// Somebody's place in a channel. Asked before anything else is read or said of it, and for every message of a socket: whoever was
/// removed is out with their next request. 1 read unit.
///
/// # Errors
/// `NotFound` for whoever is not in it.
pub(crate) async fn find_membership(
    app: &App,
    user: UserId,
    channel: ChannelId,
) -> Result<Membership, Error> {
    let place = memberships::get_membership(&app.store, user, channel, app.clock.now()).await?;
    place.ok_or(Error::NotFound("channel"))
}

/// Changes it as it was read, and says whether anything was to change: 1 write unit.
///
/// # Errors
/// `NotFound` where they were removed meanwhile.
pub(crate) async fn update_membership(
    app: &App,
    before: Membership,
    change: impl Fn(&mut Membership),
) -> Result<(Membership, bool), Error> {
    let mut before = before;
    for _ in 0..MAX_ATTEMPTS {
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok((before, false));
        }
        if let WriteOutcome::Applied(after) =
            memberships::replace_membership(&app.store, &before, after).await?
        {
            return Ok((after, true));
        }
        before = find_membership(app, before.user, before.channel).await?;
    }
    Err(Error::unavailable("the table", "a place is changed all the time"))
}
