//! What one has begun to write in a channel, on all one's devices.
//!
//! | what | file |
//! | --- | --- |
//! | keep it, or clear it | [`save`] |
//! | that of a channel, all of them | [`get`], [`list`] |
//!
//! Sending a message does not clear the draft: a client does, with the draft that it has on the screen then. Whether what was sent
//! is what was drafted only the client knows; a job that compared the two would read a draft for every message of everyone.

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

/// As its writer's devices are told of it.
fn draft_view(draft: ChatDraft) -> DraftUpdated {
    DraftUpdated {
        channel_id: draft.channel,
        content: draft.content,
        reply_to_id: draft.reply_to,
        updated_at: draft.updated_at,
    }
}
