//! What is to happen later: the sparse `due` index. An item is in it while its [`crate::Item::due`] says when.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | D1 | what has fallen due | due | `0` | `due_at` ≤ now | [`due`], [`put_off`] |

use jiff::Timestamp;
use model::{ChannelId, ImageId, LoginId, QuestionId, SessionId, SlideId, UserId};
use uuid::Uuid;

use crate::{
    Item, Key, Query, Store, UpdateExpression, WriteOutcome,
    chat::{channels, mention_digests::MentionDigest, presence::TeamPresence},
    dynamodb::{
        error::{Result, StoreError},
        item::{ItemAttributes, sortable_timestamp},
        key::{image_of, session_of, session_of_questions, user_of},
    },
    identity::log_ins::Login,
    presentations::images::{OrphanedChunks, StoredImage},
    sessions::{Session, questions::Question, slide_generations::SlideGeneration},
};

/// Something that has fallen due, as far as the index knows it. One that cannot be read is here too: it must be seen, and
/// hold up nothing.
#[derive(Clone, Debug)]
pub struct DueItem {
    key: Key,
    /// `due_at` as it was read.
    at: String,
    kind: Option<String>,
    id: Option<Uuid>,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueWork {
    /// To be looked after.
    Session(SessionId),
    /// Has ended, and its sockets may be open.
    Login(UserId, LoginId),
    /// Waits for the assistant.
    Question(SessionId, QuestionId),
    /// Waits for a model to write on it.
    SlideGeneration(SessionId, SlideId),
    /// Perhaps nothing shows it any more.
    Image(ImageId),
    /// What an upload has written, or a deletion left, of this image.
    OrphanedChunks(ImageId, Uuid),
    /// Is to be looked after, or was not told of.
    TeamPresence(UserId),
    /// What is left of it is to be cleared away.
    DeletedChannel(ChannelId),
    /// Has missed something, and is perhaps to be written to.
    MentionDigest(UserId),
}

impl DueItem {
    /// # Errors
    /// `Refused` for a kind that nobody is waiting for, or an id that is none.
    pub fn work(&self) -> Result<DueWork> {
        let pk = self.key.pk.as_str();
        let what = match (self.kind.as_deref(), self.id) {
            (Some(Session::KIND), Some(id)) => Some(DueWork::Session(id.into())),
            (Some(Login::KIND), Some(id)) => user_of(pk).map(|user| DueWork::Login(user, id.into())),
            (Some(Question::KIND), Some(id)) => {
                session_of_questions(pk).map(|session| DueWork::Question(session, id.into()))
            }
            (Some(SlideGeneration::KIND), Some(id)) => {
                session_of(pk).map(|session| DueWork::SlideGeneration(session, id.into()))
            }
            (Some(StoredImage::KIND), Some(id)) => Some(DueWork::Image(id.into())),
            (Some(TeamPresence::KIND), Some(id)) => Some(DueWork::TeamPresence(id.into())),
            (Some(OrphanedChunks::KIND), Some(id)) => {
                image_of(pk).map(|image| DueWork::OrphanedChunks(image, id))
            }
            (Some(channels::DeletedChannel::KIND), Some(id)) => Some(DueWork::DeletedChannel(id.into())),
            (Some(MentionDigest::KIND), Some(id)) => Some(DueWork::MentionDigest(id.into())),
            _ => None,
        };
        what.ok_or_else(|| self.unknown_work_error())
    }

    fn unknown_work_error(&self) -> StoreError {
        let Key { pk, sk } = &self.key;
        StoreError::InvalidRequest(format!(
            "nobody knows what is due at {pk} {sk} ({:?}, {:?})",
            self.kind, self.id
        ))
    }

    fn from_attributes(item: &ItemAttributes) -> Option<Self> {
        let text = |name: &str| item.get(name)?.as_s().ok().cloned();
        Some(Self {
            key: Key { pk: text("pk")?, sk: text("sk")? },
            at: text("due_at")?,
            kind: text("kind"),
            id: text("id").and_then(|id| id.parse().ok()),
        })
    }
}

/// Where a look goes on. It never leaves the function, so it needs no signature.
#[derive(Clone, Debug)]
pub struct DueCursor(ItemAttributes);

/// D1: up to `limit` from there on, oldest first.
pub async fn list_due(
    store: &Store,
    limit: i32,
    from: Option<DueCursor>,
    now: Timestamp,
) -> Result<(Vec<DueItem>, Option<DueCursor>)> {
    let query = Query::due(now).limit(limit).start(from.map(|next| next.0));
    let (items, next) = store.query_once(query).await?;
    // what is in the index has the keys of the index, so none is left out
    Ok((items.iter().filter_map(DueItem::from_attributes).collect(), next.map(DueCursor)))
}

/// D1: not due again before `until`, unless somebody has already said when, or taken it out. 2 write units.
pub async fn postpone(store: &Store, due: &DueItem, until: Timestamp) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET due_at = :until")
        .with_condition("due_at = :before")
        .text(":until", sortable_timestamp(until))
        .text(":before", &due.at);
    store.update_without_return(&due.key, change).await
}
