//! Messages of a channel, with their ids and the rules for their content.

pub mod content;
pub mod emoji;
mod id;
pub mod send_rate;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::id::MessageId;
use crate::UserId;

/// The maximum length of a message in characters (contract chat 1.4).
pub const MAX_CONTENT_LENGTH: usize = 2_000;

/// The author of a message, with the names at the time of sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageAuthor {
    pub id: UserId,
    pub username: String,
    pub name: String,
}

/// A preview of the message that this one replies to, as it is now. A client that has a higher `version` of that
/// message shows its own state, because an event may arrive after a later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyPreview {
    pub user_id: UserId,
    pub username: String,
    /// The first 100 characters of the current text. It is empty if the message is deleted.
    pub content: String,
    /// Whether the message is deleted.
    pub is_deleted: bool,
    /// The version of the message that the preview shows.
    pub version: u64,
}

/// The formatting that a text contains.
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

/// The position of a client in a channel. The client has applied everything up to these numbers, which both grow by
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct ChannelPosition {
    /// The sequence number of the last message that the client has without gaps, 0 for none.
    pub seq: u64,
    /// The number of the last change that the client has applied without gaps, 0 for none. Changes are not replayed if
    /// it is absent.
    pub change: Option<u64>,
}
