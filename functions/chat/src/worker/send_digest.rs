use std::collections::HashMap;

use entry::App;
use futures::future::try_join_all;
use jiff::Timestamp;
use model::{Error, MessageId, UserId, notification::DigestFrequency};
use protocol::job::{EmailMention, EmailTemplate, SendMail, SendMentionDigest};
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
};

/// Mentions that are looked through: whoever has missed more is told of these.
const MAX_MENTIONS: usize = 100;
/// Lines of a mail.
const MAX_LINES: usize = 10;
/// Characters of a line.
const EXCERPT_CHARS: usize = 100;
/// How often someone may be mentioned while they are being written to.
const MAX_ATTEMPTS: usize = 20;

/// Writes to someone of the mentions that they have not read, once of each; to nobody where there are none.
///
/// What it writes of is noted before the mail is handed over, under whose id it is one mail however often it is handed over: so
/// a repetition writes of the same, and a mention that came meanwhile is of the next. 1 write unit for each mention, and some 6.
pub(super) async fn run(app: &App, job: &SendMentionDigest) -> Result<(), Error> {
    let (user, now) = (job.user, app.clock.now());
    let digest = mention_digests::get(&app.store, user, now).await?;
    if digest.send_at.is_none_or(|at| now < at) {
        return Ok(());
    }
    let preferences = notification_preferences::get(&app.store, user, ReadConsistency::Strong, now).await?;
    let account = users::get_strong(&app.store, user, now).await?;
    let account = account.filter(|account| account.is_active(now) && account.email.is_some());
    if preferences.mail_digest == DigestFrequency::Off || account.is_none() {
        return finish_digest(app, digest, None, None).await;
    }
    let awake = preferences.after_quiet_hours(now);
    if now < awake {
        // refused where somebody mentioned them meanwhile: it is still due, and looked at again
        let later = MentionDigest { send_at: Some(awake), ..digest.clone() };
        return Ok(mention_digests::replace(&app.store, &digest, later).await.map(drop)?);
    }
    let (digest, sending, again) = if let Some(sending) = digest.sending.clone() {
        // somebody died at it, and others may have been mentioned since
        (digest, sending, preferences.next_digest_at(Some(now), now))
    } else {
        let candidates = mentions::list_newest(&app.store, user, MAX_MENTIONS, now).await?;
        let candidates = candidates.into_iter().filter(|mention| !mention.is_emailed).collect();
        let missed = missed_mentions(app, user, candidates).await?;
        if missed.is_empty() {
            return finish_digest(app, digest, None, None).await;
        }
        let mentions = missed.into_iter().map(|(mention, _)| mention).collect();
        let sending = DigestInProgress { began_at: now, mentions };
        let begun = MentionDigest { sending: Some(sending.clone()), ..digest.clone() };
        if mention_digests::replace(&app.store, &digest, begun.clone()).await?
            == WriteOutcome::ConditionFailed
        {
            // mentioned meanwhile: it is still due, and looked at again
            return Ok(());
        }
        (MentionDigest { rev: digest.rev + 1, ..begun }, sending, None)
    };
    let id = format!("digest#{user}#{}", sending.began_at.as_millisecond());
    // looked at again: what was read, deleted or left meanwhile is not written of
    let missed = missed_mentions(app, user, sending.mentions.clone()).await?;
    if !missed.is_empty() {
        let letter = digest_email(app, &missed).await?;
        app.queues.send(&SendMail { id, user, template: letter }, now).await?;
    }
    let marks =
        sending.mentions.iter().map(|mention| mentions::mark(&app.store, mention, MentionMark::Emailed));
    try_join_all(marks).await?;
    finish_digest(app, digest, Some(now), again).await
}

/// Those of them that someone has not read, in channels that they are in and want to be told of, with the messages as they are
/// now.
async fn missed_mentions(
    app: &App,
    user: UserId,
    candidates: Vec<UserMention>,
) -> Result<Vec<(UserMention, Message)>, Error> {
    let now = app.clock.now();
    let places = memberships::list_memberships(&app.store, user, now).await?;
    let unread_after: HashMap<_, _> = places
        .into_iter()
        .filter(|place| place.notification_level != NotificationLevel::Nothing)
        .map(|place| (place.channel, place.read_seq))
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

/// How a message begins, on one line.
fn excerpt(content: &str) -> String {
    let line = content.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The next one is due then, or never; where somebody was mentioned since `digest` was read, as soon as may be. `sent` is when
/// they were written to, if they were.
async fn finish_digest(
    app: &App,
    digest: MentionDigest,
    sent: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let (user, mut before, mut due) = (digest.id, digest, next);
    for _ in 0..MAX_ATTEMPTS {
        let after =
            MentionDigest { send_at: due, sent_at: sent.or(before.sent_at), sending: None, ..before.clone() };
        if mention_digests::replace(&app.store, &before, after).await? == WriteOutcome::Applied(()) {
            return Ok(());
        }
        before = mention_digests::get(&app.store, user, now).await?;
        let preferences =
            notification_preferences::get(&app.store, user, ReadConsistency::Strong, now).await?;
        due = preferences.next_digest_at(sent.or(before.sent_at), now);
    }
    Err(Error::unavailable("the table", "a digest is changed all the time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_beginning() {
        assert_eq!(excerpt(" a\n\nb  c "), "a b c");
        let long = "ș".repeat(101);
        assert_eq!(excerpt(&long), format!("{}…", "ș".repeat(100)));
        assert_eq!(excerpt(&"x".repeat(100)), "x".repeat(100));
    }
}
