//! Channels, memberships, messages, and what follows from them.

pub mod channels;
pub mod chat_drafts;
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
