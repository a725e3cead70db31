//! Prefixes of sort keys, for queries of one kind of item in a partition.

/// The item that the partition is named after, and the items that are read with it.
pub const SELF: &str = "#";
pub const ACTION: &str = "ACTION#";
pub const AI_CALL: &str = "AI_CALL#";
pub const BLOCKED: &str = "BLOCKED#";
pub const CHANNEL: &str = "CHANNEL#";
pub const CONNECTION: &str = "CONNECTION#";
pub const DRAFT: &str = "DRAFT#";

/// Returns the prefix of one holder's connections in a room.
pub fn held_by(holder: uuid::Uuid) -> String {
    // The last byte of a UUID is random in v7 and hashed in v5.
    format!("{CONNECTION}{:02x}#{holder}#", holder.as_bytes()[15])
}

pub const INVITATION: &str = "INVITATION#";
pub const LOGIN: &str = "LOGIN#";
pub const MEMBER: &str = "MEMBER#";
pub const MENTION: &str = "MENTION#";
pub const MONTH: &str = "MONTH#";
pub const NETWORK: &str = "NETWORK#";
pub const NUMBER: &str = "NUMBER#";
pub const PARTICIPANT: &str = "PARTICIPANT#";
pub const PIN: &str = "PIN#";
pub const QUESTION: &str = "QUESTION#";
pub const REFUSED: &str = "REFUSED#";
pub const SESSION: &str = "SESSION#";
pub const SHOWN: &str = "SHOWN#";
pub const SLIDE: &str = "SLIDE#";
pub const USER: &str = "USER#";
pub const WRITTEN: &str = "WRITTEN#";
