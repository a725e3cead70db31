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

/// At most one relay in this time, per person and channel (contract chat 1.5).
const RELAY_INTERVAL: SignedDuration = SignedDuration::from_secs(2);
/// People in channels that an instance remembers.
const MAX_ENTRIES: usize = 10_000;

/// What this instance has relayed of late. Another instance may relay once more; whoever shows it forgets it after six seconds
/// anyway.
#[derive(Debug, Default)]
pub struct TypingThrottle(Mutex<HashMap<(UserId, ChannelId), LastRelay>>);

#[derive(Clone, Copy, Debug)]
struct LastRelay {
    at: Timestamp,
    is_typing: bool,
}

impl TypingThrottle {
    /// Whether it is passed on: one in [`RELAY_INTERVAL`], and after that somebody writes once that they have stopped, however soon.
    fn allows(&self, who: (UserId, ChannelId), is_typing: bool, now: Timestamp) -> bool {
        // no code panics while it holds the lock; if it did, the map would still be whole
        let mut relays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = relays.get_mut(&who).filter(|last| now < last.at + RELAY_INTERVAL) {
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
        relays.insert(who, LastRelay { at: now, is_typing });
        true
    }
}

/// Tells the others in a channel that somebody writes, or has stopped. Nothing of it is kept. 1 read unit, and those of the room
/// where it is passed on.
pub(super) async fn run(
    app: &App,
    relays: &TypingThrottle,
    connection: &Connection,
    typing: &TypingIndicatorCommand,
    now: Timestamp,
) -> Result<(), Error> {
    let user = connected_teammate(connection)?;
    let (channel, is_typing) = (typing.channel_id, typing.is_typing);
    // whether they are in it, and what they are called there, in one
    let member = memberships::get(&app.store, channel, user, ReadConsistency::Strong, now).await?;
    let member = member.ok_or(Error::NotFound("channel"))?;
    if !relays.allows((user, channel), is_typing, now) {
        return Ok(());
    }
    let event =
        TypingIndicatorEvent { user_id: user, username: member.username, channel_id: channel, is_typing };
    let told = app
        .realtime
        .publish_except(Room::Channel(channel), user.uuid(), Event::TypingIndicator(event), now)
        .await;
    if let Err(error) = told {
        tracing::debug!(%error, "somebody was not told who writes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_in_two_seconds_and_a_stop_at_once() {
        let begin: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let relays = TypingThrottle::default();
        let who = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let other = (Uuid::from_u128(1).into(), Uuid::from_u128(3).into());
        for (who, after_ms, is_typing, passes) in [
            (who, 0, true, true),
            (who, 100, true, false),
            (other, 100, true, true),
            (who, 200, false, true),
            (who, 300, false, false),
            (who, 400, true, false),
            (who, 500, false, false),
            (who, 2_000, true, true),
            (who, 4_000, false, true),
            (who, 4_100, false, false),
        ] {
            let now = begin + SignedDuration::from_millis(after_ms);
            assert_eq!(relays.allows(who, is_typing, now), passes, "after {after_ms} ms");
        }
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let relays = TypingThrottle::default();
        for number in 0..25_000_u128 {
            relays.allows((Uuid::from_u128(number).into(), Uuid::from_u128(2).into()), true, now);
        }
        assert!(relays.0.lock().unwrap().len() <= MAX_ENTRIES);
    }
}
