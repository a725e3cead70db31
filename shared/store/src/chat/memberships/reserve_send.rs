//! What somebody sends into a channel, settled by one write of their own row.

use jiff::Timestamp;
use model::{Error, UserId, message::send_rate};

use super::{Membership, SendRecord, get_membership, replace_membership, send_record::MAX_SEND_RECORDS};
use crate::{Store, WriteOutcome};

/// How often a place may be changed by its owner's other devices at the same moment: each that sends takes one of the burst, and
/// the rest mark what they have read.
const MAX_ATTEMPTS: u32 = send_rate::MESSAGE_BURST + 10;

/// What beginning to send came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAttempt {
    /// For the first time.
    New(Membership),
    /// Once more: it may stand behind this number, or not be there yet.
    Retry(Membership, SendRecord),
}

/// Z3: begins to send a message: that its sender is in the channel, that it is not sent too fast, and what it is called, before
/// it is put; and with it they have read up to there, if they had read all before it. Every message goes this way, so that it is
/// one write and no read to know all that; once more is one of the burst too. 1 write unit, 1 read unit.
///
/// # Errors
/// `NotFound` for whoever is not in it; `TooMany` with when it goes on; `client_msg_id` where they have given the name to another
/// text.
pub async fn reserve_send(
    store: &Store,
    before: Membership,
    sent: SendRecord,
    now: Timestamp,
) -> Result<SendAttempt, Error> {
    let (user, channel): (UserId, _) = (before.user, before.channel);
    let mut before = before;
    for _ in 0..MAX_ATTEMPTS {
        let window = send_rate::count_message(before.window, now)
            .map_err(|retry_after| Error::RateLimited { retry_after })?;
        let earlier = before.send_records.iter().copied().find(|earlier| earlier.has_same_id(&sent));
        if earlier.is_some_and(|earlier| !earlier.has_same_text(&sent)) {
            return Err(Error::field("client_msg_id", "is the name of another message"));
        }
        let counted = Membership { window, ..before.clone() };
        let next = if earlier.is_some() { counted } else { with_record(counted, sent) };
        if let WriteOutcome::Applied(place) = replace_membership(store, &before, next).await? {
            return Ok(match earlier {
                None => SendAttempt::New(place),
                Some(earlier) => SendAttempt::Retry(place, earlier),
            });
        }
        // another device of theirs, or they were removed
        before = get_membership(store, user, channel, now).await?.ok_or(Error::NotFound("channel"))?;
    }
    Err(Error::unavailable("the table", "a place is changed all the time"))
}

fn with_record(mut place: Membership, sent: SendRecord) -> Membership {
    place.send_records.push(sent);
    if place.send_records.len() > MAX_SEND_RECORDS {
        place.send_records.remove(0);
    }
    // who answers from a notification has not read what others wrote before
    if place.read_seq == sent.last_seq {
        place.read_seq += 1;
    }
    place
}
