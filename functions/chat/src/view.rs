//! Views of messages for responses and events.
//!
//! A reply shows a preview of the message that it replies to. The text of the preview is read with each response and is
//! stored nowhere else, so a deleted text is gone from all replies at once, and an edited one is current. The read costs
//! 1 read unit for each replied message that is not on the page itself. The alternatives were a stored copy that is
//! rewritten with the message, or marked. A message can have any number of replies, so its deletion would be a job of
//! many writes that may come late, fail half-way, and race with a reply that is being sent.

use std::{
    collections::{BTreeSet, HashMap},
    slice,
};

use entry::App;
use model::{
    MessageId, UserId,
    message::{ReplyPreview, content},
};
use protocol::event::chat::{MessageView, ReactionView};
use store::{
    ReadConsistency, StoreError,
    chat::messages::{self, Message, StoredReaction},
};

/// Characters of the preview of a replied message.
const REPLY_PREVIEW_CHARS: usize = 100;

/// The previews of replied messages.
#[derive(Debug, Default)]
pub struct ReplyPreviews(HashMap<MessageId, ReplyPreview>);

impl ReplyPreviews {
    /// Makes the previews of messages that were read strongly consistent.
    pub fn of<'a>(replied: impl IntoIterator<Item = &'a Message>) -> Self {
        Self(replied.into_iter().map(|message| (message.id(), reply_preview(message))).collect())
    }

    /// Reads the messages that `replies` reply to, in batches. Strong, because a text that was deleted before the request
    /// must not be returned.
    pub async fn load(app: &App, replies: &[Message]) -> Result<Self, StoreError> {
        Self::load_unless_known(app, replies, &[]).await
    }

    /// Reads the previews as [`Self::load`] does, except of messages in `known`, which were read strongly consistent.
    pub async fn load_unless_known(
        app: &App,
        replies: &[Message],
        known: &[Message],
    ) -> Result<Self, StoreError> {
        let wanted: BTreeSet<MessageId> = replies.iter().filter_map(Message::replied_id).collect();
        let known: Vec<&Message> = known.iter().filter(|message| wanted.contains(&message.id())).collect();
        let mut missing = wanted;
        for message in &known {
            missing.remove(&message.id());
        }
        let missing: Vec<MessageId> = missing.into_iter().collect();
        let now = app.clock.now();
        let read = messages::get_many(&app.store, &missing, ReadConsistency::Strong, now).await?;
        Ok(Self::of(known.into_iter().chain(&read)))
    }
}

fn reply_preview(replied: &Message) -> ReplyPreview {
    // a deleted message has no text, but the previews must not depend on that
    let is_deleted = replied.deleted_at.is_some();
    let shown = if is_deleted { 0 } else { REPLY_PREVIEW_CHARS };
    ReplyPreview {
        user_id: replied.author.id,
        username: replied.author.username.clone(),
        content: replied.content.chars().take(shown).collect(),
        is_deleted,
        version: replied.version,
    }
}

/// Reads the preview of a message and returns its view, as [`message_view`] does.
pub async fn load_view(app: &App, message: &Message, me: Option<UserId>) -> Result<MessageView, StoreError> {
    let previews = ReplyPreviews::load(app, slice::from_ref(message)).await?;
    Ok(message_view(message, &previews, me))
}

/// Reads the previews of messages and returns their views, as [`message_view`] does.
pub async fn load_views(
    app: &App,
    messages: &[Message],
    me: Option<UserId>,
) -> Result<Vec<MessageView>, StoreError> {
    let previews = ReplyPreviews::load(app, messages).await?;
    Ok(messages.iter().map(|message| message_view(message, &previews, me)).collect())
}

/// Returns the view of a message. For the caller `me` it says which reactions are theirs. For an event of a room, `me`
/// is `None`, because all receivers get the same view. The author has the names that they had when they sent the
/// message.
pub fn message_view(message: &Message, previews: &ReplyPreviews, me: Option<UserId>) -> MessageView {
    let replied = message.replied_id();
    MessageView {
        id: message.id(),
        channel_id: message.channel,
        seq: message.seq,
        client_msg_id: message.client_msg_id.clone(),
        user_id: message.author.id,
        user: message.author.clone(),
        content: message.content.clone(),
        formatting: content::detect_formatting(&message.content),
        reply_to_id: replied,
        reply_preview: replied.and_then(|id| previews.0.get(&id).cloned()),
        mentions: message.mentions.iter().map(|mentioned| mentioned.username.clone()).collect(),
        mention_count: message.mentions.len(),
        reactions: reaction_views(&message.reactions, me),
        is_edited: message.edited_at.is_some(),
        is_pinned: message.pinned_at.is_some(),
        version: message.version,
        change: message.change,
        created_at: message.created_at,
        updated_at: message.updated_at,
        deleted_at: message.deleted_at,
    }
}

/// Returns the view of reactions as [`message_view`] shows them.
pub fn reaction_views(reactions: &[StoredReaction], me: Option<UserId>) -> Vec<ReactionView> {
    reactions
        .iter()
        .map(|reaction| ReactionView {
            emoji: reaction.emoji.clone(),
            count: reaction.users.len(),
            me: me.map(|me| reaction.users.contains(&me)),
            users: reaction.users.clone(),
        })
        .collect()
}
