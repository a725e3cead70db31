use entry::App;
use model::{Error, UserId, notification::NotificationPreferences};
use protocol::{Event, event::chat::MentionNotification};
use store::{
    PutNewOutcome, ReadConsistency, WriteOutcome,
    chat::{
        memberships::{self, NotificationLevel},
        mention_digests::{self, MentionDigest},
        mentions::{self, MentionMark, UserMention},
        messages::Message,
        notification_preferences,
    },
};

/// How often someone may be mentioned at the same moment.
const MAX_ATTEMPTS: usize = 20;

/// Tells someone of a message that mentions them, once for each message: not whoever is not in the channel (any more), and only
/// on their list where they want to be told of nothing there.
///
/// The row is put first and says last that they were told, so that whoever dies between the two tells them again rather than
/// never. 2 write units, and 3 where they have not read it and are to be written to.
pub(crate) async fn notify_mention(
    app: &App,
    message: &Message,
    user: UserId,
    is_edit: bool,
) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(place) = memberships::get_membership(&app.store, user, message.channel, now).await? else {
        return Ok(());
    };
    let done = place.notification_level == NotificationLevel::Nothing;
    let new = UserMention {
        user,
        message: message.id(),
        sent_at: message.created_at,
        is_notified: done,
        is_emailed: done,
    };
    let mention = match mentions::put(&app.store, &new).await? {
        PutNewOutcome::Created => new,
        PutNewOutcome::Exists(before) => *before,
    };
    if mention.is_notified {
        return Ok(());
    }
    let preferences = notification_preferences::get(&app.store, user, ReadConsistency::Eventual, now).await?;
    let notification = Event::MentionNotification(MentionNotification {
        message_id: message.id(),
        channel_id: message.channel,
        content: message.content.clone(),
        from_user_id: message.author.id,
        from_username: message.author.username.clone(),
        is_edit,
        is_silent: preferences.is_quiet(now),
    });
    app.realtime.publish_to_account(user, notification, now).await?;
    if place.read_seq < message.seq {
        schedule_digest(app, user, &preferences).await?;
    }
    mentions::mark(&app.store, &mention, MentionMark::Notified).await?;
    Ok(())
}

/// Someone is written to later, if they have not read it by then. Whether they are there now is not asked: whoever is reads it,
/// and nobody who has read it is written to.
async fn schedule_digest(
    app: &App,
    user: UserId,
    preferences: &NotificationPreferences,
) -> Result<(), Error> {
    let now = app.clock.now();
    for _ in 0..MAX_ATTEMPTS {
        let digest = mention_digests::get(&app.store, user, now).await?;
        let send_at = digest.send_at.or_else(|| preferences.next_digest_at(digest.sent_at, now));
        if send_at.is_none() {
            return Ok(());
        }
        // also where it is due already: the job that is at it must not take this one for seen
        let next = MentionDigest { send_at, ..digest.clone() };
        if mention_digests::replace(&app.store, &digest, next).await? == WriteOutcome::Applied(()) {
            return Ok(());
        }
    }
    Err(Error::unavailable("the table", "a digest is changed all the time"))
}
