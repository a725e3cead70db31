//! Channels that everyone of the team is in from the start.

use entry::App;
use jiff::{SignedDuration, Timestamp};
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

/// Whoever came in so lately and is not in all of them has not left the others: the joining is under way, or was cut off.
const ARRIVING: SignedDuration = SignedDuration::from_mins(2);

/// Is somebody to be taken into them? Not who was in all of them, and left some; but who is in none of them.
pub(crate) fn are_due(places: &[Place], now: Timestamp) -> bool {
    let ids = DEFAULTS.map(|(name, _)| ChannelId::of_default(name));
    let mut theirs = places.iter().filter(|place| ids.contains(&place.channel));
    theirs.clone().count() < ids.len() && theirs.all(|place| now < place.joined_at + ARRIVING)
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

#[cfg(test)]
mod tests {
    use model::{UserId, channel::MemberRole};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whoever_left_one_is_left_alone_and_whoever_is_in_none_is_not() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let id = UserId::from(Uuid::from_u128(1));
        let who = Author { id, username: "ana".into(), name: "Ana".into() };
        let of =
            |name: &str| membership::rows(ChannelId::of_default(name), &who, MemberRole::Member, 0, now).1;
        let (one, all) = ([of("general")], [of("general"), of("announcements")]);
        let other = [membership::rows(Uuid::from_u128(9).into(), &who, MemberRole::Owner, 0, now).1];
        let later = now + ARRIVING;
        assert!(are_due(&[], later) && are_due(&other, later));
        assert!(are_due(&one, now) && !are_due(&one, later));
        assert!(!are_due(&all, now) && !are_due(&all, later));
    }
}
