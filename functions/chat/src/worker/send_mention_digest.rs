use std::collections::HashMap;

use entry::App;
use futures::future::try_join_all;
use jiff::Timestamp;
use model::{Error, MessageId, UserId, notification::DigestFrequency};
use protocol::job::{EmailMention, EmailTemplate, MailRecipient, SendMail, SendMentionDigest};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{
        channels,
        memberships::{self, NotificationLevel},
        mention_digests::{self, DigestInProgress, MentionDigest},
        mentions::{self, MentionMark, UserMention},
        messages::{self, Message},
        notification_preferences,
    },
    identity::users,
    retry_conflict,
};

use crate::blocks::blocked_users;

/// Mentions that are read. A user who missed more is notified of the newest ones only.
const MAX_MENTIONS: usize = 100;
/// Lines of an e-mail.
const MAX_LINES: usize = 10;
/// Characters of a line.
const EXCERPT_CHARS: usize = 100;

/// Sends a user the mentions that they have not read, each of them once. Sends no e-mail if there are none, or if the address of
/// the user is not verified. The mentions of that time are part of the first digest after the verification, if a mention causes one.
///
/// Write-ahead: the mentions of the e-mail are stored before it is sent. The e-mail's id is derived from them, so that
/// a repeated delivery sends the same e-mail again and the mailer drops it. Later mentions are part of the next digest.
/// Costs 1 write unit for each mention, and about 6 more.
pub(super) async fn run(app: &App, job: &SendMentionDigest) -> Result<(), Error> {
    let user = job.user;
    let now = app.clock.now();
    let digest = mention_digests::get(&app.store, user, now).await?;
    if digest.send_at.is_none_or(|at| now < at) {
        return Ok(());
    }
    let preferences = notification_preferences::get(&app.store, user, ReadConsistency::Strong, now).await?;
    let account = users::get_strong(&app.store, user, now).await?;
    let account = account.filter(|account| account.is_active(now) && account.verified_email().is_some());
    if preferences.mail_digest == DigestFrequency::Off || account.is_none() {
        return finish_digest(app, digest, None, None).await;
    }
    let quiet_until = preferences.after_quiet_hours(now);
    if now < quiet_until {
        // not written if the user was mentioned meanwhile; the digest stays due then, and the clock sends the job again
        let later = MentionDigest { send_at: Some(quiet_until), ..digest.clone() };
        return Ok(mention_digests::replace(&app.store, &digest, later).await.map(drop)?);
    }
    let (digest, sending, next) = if let Some(sending) = digest.sending.clone() {
        // an earlier delivery failed after it stored the mentions, and others may have followed since
        (digest, sending, preferences.next_digest_at(Some(now), now))
    } else {
        let candidates = mentions::list_newest(&app.store, user, MAX_MENTIONS, now).await?;
        let candidates = candidates.into_iter().filter(|mention| !mention.is_emailed).collect();
        let missed = missed_mentions(app, user, candidates).await?;
        if missed.is_empty() {
            return finish_digest(app, digest, None, None).await;
        }
        let mentions = missed.into_iter().map(|(mention, _message)| mention).collect();
        let sending = DigestInProgress { began_at: now, mentions };
        let begun = MentionDigest { sending: Some(sending.clone()), ..digest.clone() };
        if mention_digests::replace(&app.store, &digest, begun.clone()).await?
            == WriteOutcome::ConditionFailed
        {
            // the user was mentioned meanwhile; the digest stays due, and the clock sends the job again
            return Ok(());
        }
        (MentionDigest { rev: digest.rev + 1, ..begun }, sending, None)
    };
    let id = format!("digest#{user}#{}", sending.began_at.as_millisecond());
    // read again, because messages may have been read or deleted, or channels left meanwhile
    let missed = missed_mentions(app, user, sending.mentions.clone()).await?;
    if !missed.is_empty() {
        let template = digest_email(app, &missed).await?;
        app.queues.send(&SendMail { id, to: MailRecipient::User(user), template }, now).await?;
    }
    let marks =
        sending.mentions.iter().map(|mention| mentions::mark(&app.store, mention, MentionMark::Emailed));
    try_join_all(marks).await?;
    finish_digest(app, digest, Some(now), next).await
}

/// Returns the candidates that the user has not read, with their current messages. Mentions in channels that the user
/// left or muted, or in direct channels with a blocked user, are left out.
async fn missed_mentions(
    app: &App,
    user: UserId,
    candidates: Vec<UserMention>,
) -> Result<Vec<(UserMention, Message)>, Error> {
    let now = app.clock.now();
    let memberships = memberships::list_memberships(&app.store, user, now).await?;
    let blocked = blocked_users(app, user, now).await?;
    let unread_after: HashMap<_, _> = memberships
        .into_iter()
        .filter(|membership| membership.notification_level != NotificationLevel::Nothing)
        .filter(|membership| membership.other_user.is_none_or(|other| !blocked.contains(&other)))
        .map(|membership| (membership.channel, membership.read_seq))
        .collect();
    let is_unread = |id: MessageId| unread_after.get(&id.channel).is_some_and(|read| *read < id.seq);
    let ids: Vec<MessageId> =
        candidates.iter().map(|mention| mention.message).filter(|id| is_unread(*id)).collect();
    let found = messages::get_many(&app.store, &ids, ReadConsistency::Strong, now).await?;
    let mut found: HashMap<MessageId, Message> = found
        .into_iter()
        .filter(|message| message.is_mention_of(user))
        .map(|message| (message.id(), message))
        .collect();
    let with_messages = candidates.into_iter().filter_map(|mention| {
        let message = found.remove(&mention.message)?;
        Some((mention, message))
    });
    Ok(with_messages.collect())
}

async fn digest_email(app: &App, missed: &[(UserMention, Message)]) -> Result<EmailTemplate, Error> {
    let lines = &missed[..missed.len().min(MAX_LINES)];
    let mut ids: Vec<_> = lines.iter().map(|(_, message)| message.channel).collect();
    ids.sort_unstable();
    ids.dedup();
    let channels = channels::get_many(&app.store, &ids, app.clock.now()).await?;
    let names: HashMap<_, _> = channels
        .into_iter()
        .filter_map(|channel| Some((channel.id, channel.name?.as_str().to_owned())))
        .collect();
    let mentions = lines.iter().map(|(_, message)| EmailMention {
        channel: names.get(&message.channel).cloned(),
        from: message.author.name.clone(),
        text: excerpt(&message.content),
    });
    Ok(EmailTemplate::MentionDigest { mentions: mentions.collect(), more: missed.len() - lines.len() })
}

/// Returns the beginning of a message on one line.
fn excerpt(content: &str) -> String {
    let line = content.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Stores that no digest is being sent, and when the next digest is due. `sent` is the time of the e-mail, `None` if
/// none was sent. If the user was mentioned since `digest` was read, the next digest is due as soon as the preferences
/// permit, instead of at `next`.
async fn finish_digest(
    app: &App,
    digest: MentionDigest,
    sent: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let user = digest.id;
    let finished = |digest: &MentionDigest, send_at: Option<Timestamp>| MentionDigest {
        send_at,
        sent_at: sent.or(digest.sent_at),
        sending: None,
        ..digest.clone()
    };
    if mention_digests::replace(&app.store, &digest, finished(&digest, next)).await?
        == WriteOutcome::Applied(())
    {
        return Ok(());
    }
    retry_conflict("the mention digest", || async {
        let digest = mention_digests::get(&app.store, user, now).await?;
        let preferences =
            notification_preferences::get(&app.store, user, ReadConsistency::Strong, now).await?;
        let next = preferences.next_digest_at(sent.or(digest.sent_at), now);
        Ok::<_, Error>(mention_digests::replace(&app.store, &digest, finished(&digest, next)).await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_the_beginning_of_a_message_on_one_line() {
        assert_eq!(excerpt(" a\n\nb  c "), "a b c");
        let long = "ș".repeat(101);
        assert_eq!(excerpt(&long), format!("{}…", "ș".repeat(100)));
        assert_eq!(excerpt(&"x".repeat(100)), "x".repeat(100));
    }
}
