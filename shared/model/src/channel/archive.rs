use jiff::Timestamp;

use crate::{Error, ErrorCode, Result};

/// Refuses a change of an archived channel. Only unarchiving changes an archived channel.
///
/// # Errors
/// `CHANNEL_ARCHIVED` if the channel has been archived.
pub fn require_not_archived(archived_at: Option<Timestamp>) -> Result<()> {
    match archived_at {
        None => Ok(()),
        Some(_) => Err(Error::conflict(ErrorCode::ChannelArchived, "the channel is archived")),
    }
}
