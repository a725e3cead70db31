//! The caller's membership in a channel: finding it and updating the fields that belong to the member alone.

use entry::App;
use model::{ChannelId, Error, UserId};
use store::{
    WriteOutcome,
    chat::memberships::{self, Membership},
    retry_conflict,
};

/// Returns the user's membership in a channel. It is read before anything of the channel is read or returned, and for
/// every message of a socket, so that a removed member loses access with the next request. Costs 1 read unit.
///
/// # Errors
/// `NotFound` if the user is not a member.
pub(crate) async fn find_membership(
    app: &App,
    user: UserId,
    channel: ChannelId,
) -> Result<Membership, Error> {
    let membership = memberships::get_membership(&app.store, user, channel, app.clock.now()).await?;
    membership.ok_or(Error::NotFound("channel"))
}

/// Updates a membership. Returns it and whether anything changed. Costs 1 write unit if the membership is still as it
/// was read.
///
/// # Errors
/// `NotFound` if the member was removed meanwhile.
pub(crate) async fn update_membership(
    app: &App,
    membership: Membership,
    change: impl Fn(&mut Membership),
) -> Result<(Membership, bool), Error> {
    if let WriteOutcome::Applied(updated) = try_update(app, &membership, &change).await? {
        return Ok(updated);
    }
    // another device of the member changed it after it was read
    retry_conflict("the membership", || async {
        let current = find_membership(app, membership.user, membership.channel).await?;
        try_update(app, &current, &change).await
    })
    .await
}

async fn try_update(
    app: &App,
    before: &Membership,
    change: impl Fn(&mut Membership),
) -> Result<WriteOutcome<(Membership, bool)>, Error> {
    let mut after = before.clone();
    change(&mut after);
    if after == *before {
        return Ok(WriteOutcome::Applied((after, false)));
    }
    let replaced = memberships::replace_membership(&app.store, before, after).await?;
    Ok(replaced.map(|updated| (updated, true)))
}
