//! Channels, memberships, messages, and what is derived from messages.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | CHAT-1–5 | messages: one, a range, the last numbers, changes, pins | [`messages`] |
//! | CHAT-6–9 | channels: one, by name, public ones, rows of deleted ones | [`channels`] |
//! | CHAT-10 | how far the messages of a channel were processed | [`projection_checkpoint`] |
//! | CHAT-11–14 | memberships: a member, all of a channel, an account's, all of an account | [`memberships`] |
//! | CHAT-15 | replies to a message | [`message_replies`] |
//! | CHAT-16 | messages that mention a member | [`mentions`] |
//! | CHAT-17–18 | drafts: one, all of a member | [`chat_drafts`] |
//! | CHAT-19 | how a member wants to be notified | [`notification_preferences`] |
//! | CHAT-20 | the next e-mail about missed mentions | [`mention_digests`] |
//! | CHAT-21 | messages of a channel that contain a word | [`search_terms`] |
//! | CHAT-22 | whether a member was added to the default channels | [`onboarding`] |
//! | CHAT-23–25, CHAT-27 | presence: of a member, of the team, due checks, the published version | [`presence`] |
//! | CHAT-26 | the users that a user blocked | [`blocks`] |

pub mod blocks;
pub mod channels;
pub mod chat_drafts;
pub mod due;
pub mod memberships;
pub mod mention_digests;
pub mod mentions;
pub mod message_replies;
pub mod messages;
pub mod notification_preferences;
pub mod onboarding;
pub mod presence;
pub mod projection_checkpoint;
pub mod search_terms;
