//! Views of messages for responses and events.

use model::{MessageId, UserId, message::content};
use protocol::event::chat::{MessageView, ReactionView};
use store::chat::messages::{Message, StoredReaction};

/// Returns the view of a message. For the caller `me` it says which reactions are theirs. For an event of a room, `me`
/// is `None`, because all receivers get the same view. The author has the names that they had when they sent the
/// message.
pub fn message_view(message: &Message, me: Option<UserId>) -> MessageView {
    let parent = |seq| MessageId { channel: message.channel, seq };
    MessageView {
        id: message.id(),
        channel_id: message.channel,
        seq: message.seq,
        client_msg_id: message.client_msg_id.clone(),
        user_id: message.author.id,
        user: message.author.clone(),
        content: message.content.clone(),
        formatting: content::detect_formatting(&message.content),
        reply_to_id: message.reply_to.as_ref().map(|reply| parent(reply.seq)),
        reply_preview: message.reply_to.as_ref().map(|reply| reply.preview.clone()),
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
