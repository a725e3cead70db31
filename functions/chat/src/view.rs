//! A message as clients see it.

use model::{MessageId, UserId, message::content};
use protocol::event::chat::{MessageView, ReactionView};
use store::chat::messages::{Message, StoredReaction};

/// What everyone in the channel may see of a message; to `me` with what they did themselves, and without it to a room, which is
/// told the same as one. The author is called as they were when they wrote it.
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

/// Who reacted, as [`view`] shows it.
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
