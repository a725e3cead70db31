use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use entry::App;
use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, Error, Room, UserId};
use protocol::{Event, command::TypingIndicatorCommand, event::chat::TypingIndicatorEvent};
use store::{ReadConsistency, chat::memberships, realtime::connections::Connection};

use super::connected_teammate;

/// The shortest time between two relays of a member in a channel (contract chat 1.5).
const RELAY_INTERVAL: SignedDuration = SignedDuration::from_secs(2);
/// The most members of channels that an instance keeps a relay of.
const MAX_ENTRIES: usize = 10_000;

/// The last relay of each member in each channel, in this instance. Another instance may relay an indicator again. That
/// does no harm, because clients hide the indicator after six seconds.
#[derive(Debug, Default)]
pub struct TypingThrottle(Mutex<HashMap<(UserId, ChannelId), LastRelay>>);

#[derive(Clone, Copy, Debug)]
struct LastRelay {
    at: Timestamp,
    is_typing: bool,
}

impl TypingThrottle {
    /// Returns whether an indicator is relayed. A member's indicator is relayed once in [`RELAY_INTERVAL`]. The first
    /// indicator that the member stopped typing is relayed at once.
    fn allows(&self, member: (UserId, ChannelId), is_typing: bool, now: Timestamp) -> bool {
        // a poisoned lock is used, because no code that holds it can leave the map inconsistent
        let mut relays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = relays.get_mut(&member).filter(|last| now < last.at + RELAY_INTERVAL) {
            let stops = last.is_typing && !is_typing;
            last.is_typing &= !stops;
            return stops;
        }
        if relays.len() >= MAX_ENTRIES {
            relays.retain(|_, relay| now < relay.at + RELAY_INTERVAL);
            if relays.len() >= MAX_ENTRIES {
                relays.clear();
            }
        }
        relays.insert(member, LastRelay { at: now, is_typing });
        true
    }
}

/// Publishes to the other members of a channel that a member types or stopped typing. Nothing is stored. Costs 1 read
/// unit, and the read units of the room if the indicator is relayed.
///
/// # Errors
/// `NotFound` if the user is not a member.
pub(super) async fn run(
    app: &App,
    throttle: &TypingThrottle,
    connection: &Connection,
    command: &TypingIndicatorCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    let channel = command.channel_id;
    let is_typing = command.is_typing;
    // the row of the member answers both whether the user is a member and which user name the channel shows
    let member = memberships::get(&app.store, channel, user, ReadConsistency::Strong, now).await?;
    let member = member.ok_or(Error::NotFound("channel"))?;
    if !throttle.allows((user, channel), is_typing, now) {
        return Ok(());
    }
    let event =
        TypingIndicatorEvent { user_id: user, username: member.username, channel_id: channel, is_typing };
    let published = app
        .realtime
        .publish_except(Room::Channel(channel), user.uuid(), Event::TypingIndicator(event), now)
        .await;
    if let Err(error) = published {
        tracing::debug!(%error, "a typing indicator was not published");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_indicator_is_relayed_once_in_two_seconds_and_a_stop_at_once() {
        let begin: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let throttle = TypingThrottle::default();
        let member = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let in_other_channel = (Uuid::from_u128(1).into(), Uuid::from_u128(3).into());
        for (member, after_ms, is_typing, is_relayed) in [
            (member, 0, true, true),
            (member, 100, true, false),
            (in_other_channel, 100, true, true),
            (member, 200, false, true),
            (member, 300, false, false),
            (member, 400, true, false),
            (member, 500, false, false),
            (member, 2_000, true, true),
            (member, 4_000, false, true),
            (member, 4_100, false, false),
        ] {
            let now = begin + SignedDuration::from_millis(after_ms);
            assert_eq!(throttle.allows(member, is_typing, now), is_relayed, "after {after_ms} ms");
        }
    }

    #[test]
    fn the_throttle_has_a_maximum_size() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let throttle = TypingThrottle::default();
        for number in 0..25_000_u128 {
            throttle.allows((Uuid::from_u128(number).into(), Uuid::from_u128(2).into()), true, now);
        }
        assert!(throttle.0.lock().unwrap().len() <= MAX_ENTRIES);
    }
}
