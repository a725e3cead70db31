//! Channels that everyone of the team is in from the start.

use entry::App;
use model::{
    ChannelId, Code, Error,
    channel::{ChannelName, DEFAULTS, Kind},
    message::Author,
};
use store::{
    channels::{self, Channel},
    members::Place,
};

use super::{announce, membership};

/// Is somebody in one of them?
pub(crate) fn has_any(places: &[Place]) -> bool {
    let ids = DEFAULTS.map(|(name, _)| ChannelId::of_default(name));
    places.iter().any(|place| ids.contains(&place.channel))
}

/// Joins somebody to all of them; whichever is not there yet is made. One that is archived or full is passed over.
pub(crate) async fn ensure(app: &App, who: &Author) -> Result<(), Error> {
    for (name, description) in DEFAULTS {
        let id = ChannelId::of_default(name);
        let mut joined = membership::join(app, id, who).await;
        if matches!(joined, Err(Error::NotFound(_))) {
            make(app, id, name, description).await?;
            joined = membership::join(app, id, who).await;
        }
        match joined {
            Ok(Some(_)) => announce::joined(app, id, who).await?,
            // cut off before their sockets were in the room
            Ok(None) => announce::enter(app, id, who.id).await?,
            Err(Error::Conflict(Code::ChannelArchived | Code::LimitReached, _)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Two who do this at once make the same one.
async fn make(app: &App, id: ChannelId, name: &str, description: &str) -> Result<(), Error> {
    let now = app.clock.now();
    let channel = Channel {
        id,
        channel_kind: Kind::Public,
        name: Some(ChannelName::typed(name).map_err(Error::internal)?),
        description: Some(description.into()),
        is_default: true,
        created_by: None,
        member_count: 0,
        archived_at: None,
        created_at: now,
        updated_at: now,
    };
    let made = channels::create(&app.store, &channel, &[]).await?;
    tracing::info!(channel.id = %id, ?made, "default channel");
    Ok(())
}
