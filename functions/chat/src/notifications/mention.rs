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
    retry_conflict,
};

/// Notifies a user of a message that mentions them, once for each message. A user who is not a member of the channel is
/// not notified. A user who muted the channel gets the mention in their list of mentions only.
///
/// Write-ahead: the mention is stored before it is published, and marked as notified afterwards. If the process dies in
/// between, the next delivery of the job publishes it again. Costs 2 write units, and 3 more if the user has not read
/// the message and a digest is scheduled.
pub(crate) async fn notify_mention(
    app: &App,
    message: &Message,
    user: UserId,
    is_edit: bool,
) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(membership) = memberships::get_membership(&app.store, user, message.channel, now).await? else {
        return Ok(());
    };
    let is_muted = membership.notification_level == NotificationLevel::Nothing;
    let new = UserMention {
        user,
        message: message.id(),
        sent_at: message.created_at,
        is_notified: is_muted,
        is_emailed: is_muted,
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
    if membership.read_seq < message.seq {
        schedule_digest(app, user, &preferences).await?;
    }
    mentions::mark(&app.store, &mention, MentionMark::Notified).await?;
    Ok(())
}

/// Schedules the digest of missed mentions. The digest leaves out messages that the user has read by then, so it does
/// not matter whether the user is online now.
async fn schedule_digest(
    app: &App,
    user: UserId,
    preferences: &NotificationPreferences,
) -> Result<(), Error> {
    let now = app.clock.now();
    retry_conflict("the mention digest", || async {
        let digest = mention_digests::get(&app.store, user, now).await?;
        let send_at = digest.send_at.or_else(|| preferences.next_digest_at(digest.sent_at, now));
        if send_at.is_none() {
            return Ok(WriteOutcome::Applied(()));
        }
        // Also written if a digest is due already. The revision changes, so that a job that is sending it notices the
        // new mention.
        let scheduled = MentionDigest { send_at, ..digest.clone() };
        Ok::<_, Error>(mention_digests::replace(&app.store, &digest, scheduled).await?)
    })
    .await
}
