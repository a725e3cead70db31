//! Changes of a presentation other than of its slides.

use jiff::Timestamp;
use model::{
    Error, ErrorCode, PresentationId, UserId,
    presentation::{PresentationStatus, Slug},
};

use super::{Presentation, SlugClaim, SpeakerNotes, get_owned, key, notes_key, slug_key};
use crate::{
    ConditionExpression, Store, TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::{number_value, sortable_timestamp},
    },
};

/// What is to change; `None` leaves, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct PresentationUpdate {
    pub title: Option<String>,
    pub description: Option<Option<String>>,
    pub notes: Option<Option<String>>,
    pub status: Option<PresentationStatus>,
    pub slug: Option<Slug>,
}

impl PresentationUpdate {
    pub const fn is_empty(&self) -> bool {
        let Self { title, description, notes, status, slug } = self;
        title.is_none() && description.is_none() && notes.is_none() && status.is_none() && slug.is_none()
    }
}

/// Tries against others who change the same presentation.
const MAX_ATTEMPTS: usize = 10;

/// P1: changes what lies on the item itself in one conditional write, without reading it before; notes and slug, which
/// are items of their own, in one transaction with it.
///
/// # Errors
/// `NotFound` where there is none of this owner; `Conflict` when the status has no such move or the slug is taken.
pub async fn change(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    changes: &PresentationUpdate,
    now: Timestamp,
) -> model::Result<Presentation> {
    for _ in 0..MAX_ATTEMPTS {
        let alone = changes.notes.is_none() && changes.slug.is_none();
        let done = if alone {
            update_in_place(store, owner, id, changes, now).await?
        } else {
            update_in_transaction(store, owner, id, changes, now).await?
        };
        if let WriteOutcome::Applied(presentation) = done {
            return Ok(presentation);
        }
    }
    Err(Error::unavailable("the presentation", "changed by many at once"))
}

async fn update_in_place(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    changes: &PresentationUpdate,
    now: Timestamp,
) -> model::Result<WriteOutcome<Presentation>> {
    match store.update(&key(id), update_expression(owner, changes, now)?).await? {
        WriteOutcome::Applied(presentation) => Ok(WriteOutcome::Applied(presentation)),
        WriteOutcome::ConditionFailed => {
            let presentation = get_owned(store, owner, id, now).await?;
            if let Some(status) = changes.status {
                presentation.status.check_transition(status)?;
            }
            // it may now: someone else changed it in between
            Ok(WriteOutcome::ConditionFailed)
        }
    }
}

fn update_expression(
    owner: UserId,
    changes: &PresentationUpdate,
    now: Timestamp,
) -> Result<UpdateExpression> {
    let mut set = vec!["updated_at = :now", "gsi1sk = :sort", "version = version + :one"];
    let mut remove = "";
    let mut condition = "#owner = :owner AND attribute_not_exists(deleted_at)".to_owned();
    if changes.title.is_some() {
        set.extend(["title = :title", "title_lower = :title_lower"]);
    }
    match &changes.description {
        Some(Some(_)) => set.extend(["description = :text", "description_lower = :text_lower"]),
        Some(None) => remove = " REMOVE description, description_lower",
        None => {}
    }
    if changes.status.is_some() {
        set.push("#status = :status");
        condition.push_str(" AND #status IN (:from0, :from1, :from2, :from3)");
    }
    let mut change = UpdateExpression::new(format!("SET {}{remove}", set.join(", ")))
        .with_condition(condition)
        .name("#owner", "owner")
        .text(":owner", owner)
        .serialized(":now", &now)?
        .text(":sort", sortable_timestamp(now))
        .number(":one", 1);
    if let Some(title) = &changes.title {
        change = change.text(":title", title).text(":title_lower", title.to_lowercase());
    }
    if let Some(Some(text)) = &changes.description {
        change = change.text(":text", text).text(":text_lower", text.to_lowercase());
    }
    if let Some(status) = changes.status {
        change = change.name("#status", "status").text(":status", status.as_str());
        // four places, filled up with the status itself, which is always allowed
        for (place, from) in PresentationStatus::ALL.into_iter().enumerate() {
            let from = if from.can_become(status) { from } else { status };
            change = change.text(&format!(":from{place}"), from.as_str());
        }
    }
    Ok(change)
}

async fn update_in_transaction(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    changes: &PresentationUpdate,
    now: Timestamp,
) -> model::Result<WriteOutcome<Presentation>> {
    let before = get_owned(store, owner, id, now).await?;
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = now;
    if let Some(title) = &changes.title {
        (after.title, after.title_lower) = (title.clone(), title.to_lowercase());
    }
    if let Some(description) = &changes.description {
        after.description.clone_from(description);
        after.description_lower = description.as_deref().map(str::to_lowercase);
    }
    if let Some(status) = changes.status {
        before.status.check_transition(status)?;
        after.status = status;
    }
    if let Some(slug) = &changes.slug {
        after.slug = slug.clone();
    }
    let unchanged =
        ConditionExpression::new("version = :version").value(":version", number_value(before.version));
    let mut writes = vec![TransactWrite::put(&after, unchanged)?];
    match &changes.notes {
        Some(Some(text)) => {
            let notes = SpeakerNotes { presentation: id, text: text.clone() };
            writes.push(TransactWrite::put(&notes, ConditionExpression::default())?);
        }
        Some(None) => writes.push(TransactWrite::delete(notes_key(id), ConditionExpression::default())),
        None => {}
    }
    if after.slug != before.slug {
        let claim = SlugClaim { slug: after.slug.clone(), presentation: id };
        writes.push(TransactWrite::delete(slug_key(&before.slug), ConditionExpression::default()));
        writes.push(TransactWrite::put_new(&claim)?);
    }
    match store.transact(writes).await? {
        Ok(()) => Ok(WriteOutcome::Applied(after)),
        Err(lost) if lost.contains(&0) => Ok(WriteOutcome::ConditionFailed),
        Err(_) => Err(Error::conflict(ErrorCode::SlugTaken, "another presentation has this slug")),
    }
}
