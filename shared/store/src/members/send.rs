//! What somebody sends into a channel, settled by one write of their own row.

use jiff::Timestamp;
use model::{Error, UserId, message::pace};

use super::{Membership, SendRecord, place, rewrite, sent::REMEMBERED};
use crate::{Store, WriteOutcome};

/// How often a place may be changed by its owner's other devices at the same moment: each that sends takes one of the burst, and
/// the rest mark what they have read.
const MAX_ATTEMPTS: u32 = pace::BURST + 10;

/// What beginning to send came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAttempt {
    /// For the first time.
    First(Membership),
    /// Once more: it may stand behind this number, or not be there yet.
    Again(Membership, SendRecord),
}

/// Z3: begins to send a message: that its sender is in the channel, that it is not sent too fast, and what it is called, before
/// it is put; and with it they have read up to there, if they had read all before it. Every message goes this way, so that it is
/// one write and no read to know all that; once more is one of the burst too. 1 write unit, 1 read unit.
///
/// # Errors
/// `NotFound` for whoever is not in it; `TooMany` with when it goes on; `client_msg_id` where they have given the name to another
/// text.
pub async fn send(
    store: &Store,
    before: Membership,
    sent: SendRecord,
    now: Timestamp,
) -> Result<SendAttempt, Error> {
    let (user, channel): (UserId, _) = (before.user, before.channel);
    let mut before = before;
    for _ in 0..MAX_ATTEMPTS {
        let window =
            pace::one_more(before.window, now).map_err(|retry_after| Error::TooMany { retry_after })?;
        let earlier = before.sent.iter().copied().find(|earlier| earlier.is_named_as(&sent));
        if earlier.is_some_and(|earlier| !earlier.says_the_same(&sent)) {
            return Err(Error::field("client_msg_id", "is the name of another message"));
        }
        let counted = Membership { window, ..before.clone() };
        let next = if earlier.is_some() { counted } else { with_record(counted, sent) };
        if let WriteOutcome::Done(place) = rewrite(store, &before, next).await? {
            return Ok(match earlier {
                None => SendAttempt::First(place),
                Some(earlier) => SendAttempt::Again(place, earlier),
            });
        }
        // another device of theirs, or they were removed
        before = place(store, user, channel, now).await?.ok_or(Error::NotFound("channel"))?;
    }
    Err(Error::unavailable("the table", "a place is changed all the time"))
}

fn with_record(mut place: Membership, sent: SendRecord) -> Membership {
    place.sent.push(sent);
    if place.sent.len() > REMEMBERED {
        place.sent.remove(0);
    }
    // who answers from a notification has not read what others wrote before
    if place.read_seq == sent.after {
        place.read_seq += 1;
    }
    place
}
