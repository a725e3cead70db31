//! Drafts: the unsent text of a user in a channel, on all devices of the user.
//!
//! | operation | file |
//! | --- | --- |
//! | store or clear a draft | [`save`] |
//! | get the draft of a channel, list all drafts | [`get`], [`list`] |
//!
//! Sending a message does not clear the draft. The client clears it, because only the client knows whether the sent
//! text is the drafted one. The alternative, a job that compares the two, would read a draft for every message.

mod get;
mod list;
mod save;

use entry::App;
use protocol::event::chat::DraftUpdated;
use store::chat::chat_drafts::ChatDraft;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list_drafts)).routes(routes!(get::get_draft, save::put_draft))
}

/// Returns the view of a draft for responses and events.
fn draft_view(draft: ChatDraft) -> DraftUpdated {
    DraftUpdated {
        channel_id: draft.channel,
        content: draft.content,
        reply_to_id: draft.reply_to,
        updated_at: draft.updated_at,
    }
}
