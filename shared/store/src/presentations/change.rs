//! Changes of a presentation's own fields, its notes and its slug.

use jiff::Timestamp;
use model::{
    ExpectedVersion, PresentationId, UserId,
    presentation::{PresentationStatus, Slug},
};

use super::{
    get_owned,
    items::{Presentation, SlugClaim, SpeakerNotes, notes_key, presentation_key, slug_key},
};
use crate::{
    ConditionExpression, Store, TransactOutcome, TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, require_version},
        item::{number_value, sortable_timestamp},
    },
    retry_conflict,
};

/// The fields to change. `None` leaves a field as it is, `Some(None)` clears it.
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

/// The outcome of [`change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentationChangeOutcome {
    Applied(Box<Presentation>),
    /// The status of the presentation has no transition to the new status.
    InvalidTransition {
        from: PresentationStatus,
        to: PresentationStatus,
    },
    /// Another presentation has the slug.
    SlugTaken,
}

/// PRESENTATIONS-1, PRESENTATIONS-2, PRESENTATIONS-4. Changes a presentation. Its own fields change in one conditional
/// write without a read, unless the client expects a version. Notes and slug are items of their own, so they change in
/// one transaction with it.
///
/// # Errors
/// Returns [`crate::StoreError::NotFound`] if the owner has no such presentation, and
/// [`crate::StoreError::VersionMismatch`] if it does not have an expected version.
pub async fn change(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    changes: &PresentationUpdate,
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<PresentationChangeOutcome> {
    retry_conflict("the presentation", || async {
        if changes.notes.is_none() && changes.slug.is_none() {
            update_in_place(store, owner, id, changes, expected, now).await
        } else {
            update_in_transaction(store, owner, id, changes, expected, now).await
        }
    })
    .await
}

async fn update_in_place(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    changes: &PresentationUpdate,
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<WriteOutcome<PresentationChangeOutcome>> {
    let mut change = update_expression(owner, changes, now)?;
    if !expected.is_any() {
        let before = get_owned(store, owner, id, now).await?;
        require_version(expected, before.version)?;
        change = change.and_condition("version = :before").number(":before", before.version);
    }
    let updated = store.update(&presentation_key(id), change).await?;
    if let WriteOutcome::Applied(presentation) = updated {
        return Ok(WriteOutcome::Applied(PresentationChangeOutcome::Applied(Box::new(presentation))));
    }
    let status = get_owned(store, owner, id, now).await?.status;
    Ok(match changes.status {
        Some(next) if !status.can_become(next) => {
            WriteOutcome::Applied(PresentationChangeOutcome::InvalidTransition { from: status, to: next })
        }
        // A concurrent change has made the transition possible.
        _ => WriteOutcome::ConditionFailed,
    })
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
        // There are four placeholders. The unused ones are filled with the status itself, which is always allowed.
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
    expected: &ExpectedVersion,
    now: Timestamp,
) -> Result<WriteOutcome<PresentationChangeOutcome>> {
    let before = get_owned(store, owner, id, now).await?;
    require_version(expected, before.version)?;
    let mut after = before.clone();
    after.version += 1;
    after.updated_at = now;
    if let Some(title) = &changes.title {
        after.title.clone_from(title);
        after.title_lower = title.to_lowercase();
    }
    if let Some(description) = &changes.description {
        after.description.clone_from(description);
        after.description_lower = description.as_deref().map(str::to_lowercase);
    }
    if let Some(status) = changes.status {
        if !before.status.can_become(status) {
            let refused = PresentationChangeOutcome::InvalidTransition { from: before.status, to: status };
            return Ok(WriteOutcome::Applied(refused));
        }
        after.status = status;
    }
    if let Some(slug) = &changes.slug {
        after.slug = slug.clone();
    }
    let unchanged =
        ConditionExpression::new("version = :version").value(":version", number_value(before.version));
    let mut writes = vec![("presentation", TransactWrite::put(&after, unchanged)?)];
    match &changes.notes {
        Some(Some(text)) => {
            let notes = SpeakerNotes { presentation: id, text: text.clone() };
            writes.push(("notes", TransactWrite::put(&notes, ConditionExpression::default())?));
        }
        Some(None) => {
            writes.push(("notes", TransactWrite::delete(notes_key(id), ConditionExpression::default())));
        }
        None => {}
    }
    if after.slug != before.slug {
        let claim = SlugClaim { slug: after.slug.clone(), presentation: id };
        let release = TransactWrite::delete(slug_key(&before.slug), ConditionExpression::default());
        writes.push(("old slug", release));
        writes.push(("new slug", TransactWrite::put_new(&claim)?));
    }
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => {
            WriteOutcome::Applied(PresentationChangeOutcome::Applied(Box::new(after)))
        }
        TransactOutcome::Failed(failures) if failures.contains("presentation") => {
            WriteOutcome::ConditionFailed
        }
        TransactOutcome::Failed(_) => WriteOutcome::Applied(PresentationChangeOutcome::SlugTaken),
    })
}
