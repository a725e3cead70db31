//! Messages of a channel: what they are called, and the rules of what people write.

pub mod content;
pub mod emoji;
mod id;
pub mod send_rate;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::id::MessageId;
use crate::UserId;

/// Characters of a message (contract chat 1.4).
pub const MAX_CONTENT_LENGTH: usize = 2_000;

/// Whoever wrote a message, as they were called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageAuthor {
    pub id: UserId,
    pub username: String,
    pub name: String,
}

/// What somebody answers, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyPreview {
    pub user_id: UserId,
    pub username: String,
    /// The first 100 characters.
    pub content: String,
}

/// What a text has in it.
#[expect(clippy::struct_excessive_bools, reason = "the original's fields")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageFormatting {
    pub has_bold: bool,
    pub has_italic: bool,
    pub has_code: bool,
    pub has_code_block: bool,
    pub has_links: bool,
    pub has_mentions: bool,
    pub has_emojis: bool,
    pub link_count: usize,
    pub mention_count: usize,
    pub emoji_count: usize,
}

/// How far a client has a channel: everything up to these numbers, which both grow by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct ChannelPosition {
    /// The last message, 0 for none.
    pub seq: u64,
    /// The last change of a message, 0 for none; without it changes are not replayed.
    pub change: Option<u64>,
}
