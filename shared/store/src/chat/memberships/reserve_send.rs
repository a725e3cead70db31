//! Reserves a send by one write of the sender's membership.

use std::time::Duration;

use jiff::Timestamp;
use model::message::send_rate;

use super::{Membership, SendRecord, get_membership, replace_membership, send_record::MAX_SEND_RECORDS};
use crate::{
    Store, WriteOutcome,
    dynamodb::{error::Result, retry::retry_burst},
};

/// A member's devices may change the membership concurrently. Each send is one of the burst, and ten more changes mark messages as
/// read.
const MAX_ATTEMPTS: u32 = send_rate::MESSAGE_BURST + 10;

/// The outcome of [`reserve_send`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendAttempt {
    /// The first attempt to send this message.
    New(Membership),
    /// A retry. The message is stored after `last_seq` of the earlier record, or not at all.
    Retry(Membership, SendRecord),
    Refused(SendRefusal),
}

/// Why nothing was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRefusal {
    /// The sender is not a member of the channel, or no longer.
    NotMember,
    RateLimited {
        retry_after: Duration,
    },
    /// The sender used the `client_msg_id` for another text before.
    IdReused,
}

/// CHAT-13. Reserves a send. One conditional write of the membership checks membership, the rate limit and `client_msg_id`, and
/// advances `read_seq` if the sender was up to date. Retries count against the burst. 1 write unit, and 1 read unit for each
/// concurrent change of the membership.
pub async fn reserve_send(
    store: &Store,
    before: Membership,
    sent: SendRecord,
    now: Timestamp,
) -> Result<SendAttempt> {
    let user = before.user;
    let channel = before.channel;
    // The caller has just read the membership, so the first attempt needs no read.
    let mut first = Some(before);
    retry_burst("the membership", MAX_ATTEMPTS, || {
        let given = first.take();
        async move {
            let before = match given {
                Some(before) => Some(before),
                None => get_membership(store, user, channel, now).await?,
            };
            let Some(before) = before else {
                return Ok(WriteOutcome::Applied(SendAttempt::Refused(SendRefusal::NotMember)));
            };
            reserve_once(store, before, sent, now).await
        }
    })
    .await
}

async fn reserve_once(
    store: &Store,
    before: Membership,
    sent: SendRecord,
    now: Timestamp,
) -> Result<WriteOutcome<SendAttempt>> {
    let refuse = |refusal| Ok(WriteOutcome::Applied(SendAttempt::Refused(refusal)));
    let window = match send_rate::count_message(before.window, now) {
        Ok(window) => window,
        Err(retry_after) => return refuse(SendRefusal::RateLimited { retry_after }),
    };
    let earlier = before.send_records.iter().copied().find(|earlier| earlier.has_same_id(&sent));
    if earlier.is_some_and(|earlier| !earlier.has_same_text(&sent)) {
        return refuse(SendRefusal::IdReused);
    }
    let counted = Membership { window, ..before.clone() };
    let after = if earlier.is_some() { counted } else { with_record(counted, sent) };
    let written = replace_membership(store, &before, after).await?;
    Ok(written.map(|membership| match earlier {
        None => SendAttempt::New(membership),
        Some(earlier) => SendAttempt::Retry(membership, earlier),
    }))
}

fn with_record(mut membership: Membership, sent: SendRecord) -> Membership {
    membership.send_records.push(sent);
    if membership.send_records.len() > MAX_SEND_RECORDS {
        membership.send_records.remove(0);
    }
    // A member who answers from a notification has not read the messages before it.
    if membership.read_seq == sent.last_seq {
        membership.read_seq += 1;
    }
    membership
}
