//! What somebody sends into a channel, settled by one write of their own row.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use model::{Error, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Place, place, rewrite};
use crate::{Store, Written};

/// Messages of one member that are remembered: a phone that was out of reach sends its last ones again.
const REMEMBERED: usize = 12;
/// Messages of one member in a channel at once; whoever pastes a list line by line is slowed, nobody else.
const BURST: u32 = 20;
const WINDOW_MS: i64 = 10_000;
/// How often a place may be changed by its owner's other devices at the same moment.
const MOST_TRIES: usize = 10;

/// A message that somebody began to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// What the client called it, as a hash: a dozen of them must not make the row larger than the 1 KB of a write unit.
    pub id: String,
    /// The last number of the channel then: it can only stand behind it.
    pub after: u64,
}

/// What beginning to send came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// For the first time.
    First(Place),
    /// Once more: it may stand behind this number, or not be there yet.
    Again(Place, Sent),
}

/// Z3: begins to send a message: that its sender is in the channel, that it is not sent too fast, and what it is called, before
/// it is put; and with it they have read up to there. Every message goes this way, so that it is one write and no read to know
/// all that. 1 write unit, 1 read unit.
///
/// # Errors
/// `NotFound` for whoever is not in it; `TooMany` with when it goes on.
pub async fn send(
    store: &Store,
    before: Place,
    client_msg_id: &str,
    after: u64,
    now: Timestamp,
) -> Result<Sending, Error> {
    let (user, channel): (UserId, _) = (before.user, before.channel);
    let called = called(client_msg_id);
    let mut before = before;
    for _ in 0..MOST_TRIES {
        if let Some(sent) = before.sent.iter().find(|sent| sent.id == called) {
            let sent = sent.clone();
            return Ok(Sending::Again(before, sent));
        }
        let next = with(&before, &called, after, now)?;
        if let Written::Done(place) = rewrite(store, &before, next).await? {
            return Ok(Sending::First(place));
        }
        // another device of theirs, or they were removed
        before = place(store, user, channel, now).await?.ok_or(Error::NotFound("channel"))?;
    }
    Err(Error::unavailable("the table", "a place is changed all the time"))
}

/// 66 bits of its hash: enough to tell a dozen apart.
fn called(client_msg_id: &str) -> String {
    let mut hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(client_msg_id));
    hash.truncate(11);
    hash
}

fn with(before: &Place, called: &str, after: u64, now: Timestamp) -> Result<Place, Error> {
    let millis = now.as_millisecond();
    let (since, sent) = before.window;
    let window = if millis - since >= WINDOW_MS { (millis, 1) } else { (since, sent + 1) };
    if window.1 > BURST {
        let left = u64::try_from(since + WINDOW_MS - millis).unwrap_or(1);
        return Err(Error::TooMany { retry_after: Duration::from_millis(left) });
    }
    let mut place = before.clone();
    place.sent.push(Sent { id: called.into(), after });
    if place.sent.len() > REMEMBERED {
        place.sent.remove(0);
    }
    place.window = window;
    place.read_seq = place.read_seq.max(after + 1);
    Ok(place)
}
