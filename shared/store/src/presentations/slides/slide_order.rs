//! Changes of the order of slides, and the slides that are added or deleted by them.

use jiff::Timestamp;
use model::{
    ExpectedVersion, PresentationId, SlideId, UserId,
    presentation::{MAX_SLIDES, SlideOrder},
};

use super::{Presentation, Slide, get_owned, has_version, pointer_key, slide_key, unchanged};
use crate::{
    ConditionExpression, Store, TransactOutcome, TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError, require_version},
        item::sortable_timestamp,
    },
    presentations::items::presentation_key,
    retry_conflict,
};

/// PRESENTATIONS-1, PRESENTATIONS-6. Puts a slide at the end and returns its index, or `None` if the presentation is full. The
/// write does not depend on the other slides, so that any number of slides can be appended concurrently.
///
/// # Errors
/// [`StoreError::NotFound`] if the owner has no such presentation, or the slide has been deleted again.
pub async fn append(store: &Store, owner: UserId, slide: &Slide) -> Result<Option<usize>> {
    let id = slide.presentation;
    let now = slide.updated_at;
    let condition = "#owner = :owner AND attribute_not_exists(deleted_at) AND size(slides) < :most";
    let change = touch_presentation("slides = list_append(slides, :new)", now)?
        .with_condition(condition)
        .name("#owner", "owner")
        .text(":owner", owner)
        .number(":most", MAX_SLIDES)
        .serialized(":new", &[slide.id])?;
    let mut writes = vec![("order", TransactWrite::update(presentation_key(id), change))];
    writes.extend(insert_writes(slide)?);
    let appended = store.transact(writes).await?;
    let presentation = get_owned(store, owner, id, now).await?;
    if appended != TransactOutcome::Applied {
        return Ok(None);
    }
    // A concurrent request may have moved or deleted the slide.
    presentation.slides.index_of(slide.id).map(Some).ok_or(StoreError::NotFound("slide"))
}

/// PRESENTATIONS-1, PRESENTATIONS-6. Adds a slide. `change` puts it into the order. Returns its index.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the owner has no such presentation, and the error of `change`.
pub async fn insert<E: From<StoreError>>(
    store: &Store,
    owner: UserId,
    slide: &Slide,
    change: impl Fn(&mut SlideOrder) -> Result<(), E>,
) -> Result<usize, E> {
    let writes = || insert_writes(slide);
    let any = &ExpectedVersion::Any;
    let after = update_order(store, owner, slide.presentation, any, slide.updated_at, change, writes).await?;
    let after = after.applied().ok_or(StoreError::NotFound("slide"))?;
    Ok(after.slides.index_of(slide.id).ok_or(StoreError::NotFound("slide"))?)
}

/// A slide whose position changes.
#[derive(Clone, Copy, Debug)]
pub enum MovedSlide<'a> {
    /// Only the position changes, regardless of the content.
    AnyVersion,
    /// Only the position changes. The slide must not have changed since it was read.
    Unchanged(&'a Slide),
    /// The slide is replaced too, as [`replace`](super::replace) does.
    Replaced(&'a Slide),
}

/// PRESENTATIONS-1, PRESENTATIONS-6. Changes the order by `change`, and replaces or checks the moved slide in the same
/// transaction. The condition fails if the slide has changed since it was read, or was deleted.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the presentation has been deleted, and the error of `change`.
pub async fn move_to<E: From<StoreError>>(
    store: &Store,
    of: &Presentation,
    slide: MovedSlide<'_>,
    now: Timestamp,
    change: impl Fn(&mut SlideOrder) -> Result<(), E>,
) -> Result<WriteOutcome, E> {
    let writes = || {
        Ok(match slide {
            MovedSlide::AnyVersion => Vec::new(),
            MovedSlide::Unchanged(slide) => {
                let key = slide_key(slide.presentation, slide.id);
                vec![("slide", TransactWrite::check(key, has_version(slide.version)))]
            }
            MovedSlide::Replaced(slide) => vec![("slide", TransactWrite::put(slide, unchanged(slide))?)],
        })
    };
    let any = &ExpectedVersion::Any;
    Ok(update_order(store, of.owner, of.id, any, now, change, writes).await?.map(drop))
}

/// PRESENTATIONS-1. Changes the order by `change`, which keeps the slides.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the owner has no such presentation, [`StoreError::VersionMismatch`] if it does
/// not have an expected version, and the error of `change`.
pub async fn reorder<E: From<StoreError>>(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    expected: &ExpectedVersion,
    now: Timestamp,
    change: impl Fn(&mut SlideOrder) -> Result<(), E>,
) -> Result<Presentation, E> {
    let reordered = update_order(store, owner, id, expected, now, change, || Ok(Vec::new())).await?;
    Ok(reordered.applied().ok_or(StoreError::NotFound("presentation"))?)
}

/// PRESENTATIONS-1, PRESENTATIONS-6, PRESENTATIONS-7. Deletes a slide. The slides behind it move up. With `version`, the
/// condition fails if the slide has another one.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the owner has no such slide.
pub async fn remove(
    store: &Store,
    of: &Presentation,
    slide: SlideId,
    version: Option<u64>,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let change = |order: &mut SlideOrder| {
        if order.remove(slide) { Ok(()) } else { Err(StoreError::NotFound("slide")) }
    };
    let writes = || {
        let condition = version.map(has_version).unwrap_or_default();
        Ok(vec![
            ("slide", TransactWrite::delete(slide_key(of.id, slide), condition)),
            ("pointer", TransactWrite::delete(pointer_key(slide), ConditionExpression::default())),
        ])
    };
    Ok(update_order(store, of.owner, of.id, &ExpectedVersion::Any, now, change, writes).await?.map(drop))
}

type NamedWrites = Vec<(&'static str, TransactWrite)>;

fn insert_writes(slide: &Slide) -> Result<NamedWrites> {
    Ok(vec![
        ("slide", TransactWrite::put_new(slide)?),
        ("pointer", TransactWrite::put_new(&slide.pointer())?),
    ])
}

/// Reads the order, changes it and writes it with the writes that belong to the change. Repeats all of it if a
/// concurrent change of the presentation came first. The outcome is that of the writes that belong to the change.
async fn update_order<E: From<StoreError>>(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    expected: &ExpectedVersion,
    now: Timestamp,
    change: impl Fn(&mut SlideOrder) -> Result<(), E>,
    writes: impl Fn() -> Result<NamedWrites>,
) -> Result<WriteOutcome<Presentation>, E> {
    let change = &change;
    let writes = &writes;
    retry_conflict("the order of the slides", || async move {
        let mut presentation = get_owned(store, owner, id, now).await?;
        require_version(expected, presentation.version)?;
        change(&mut presentation.slides)?;
        let update = touch_presentation("slides = :slides", now)?
            .with_condition("version = :version")
            .serialized(":slides", &presentation.slides)?
            .number(":version", presentation.version);
        presentation.version += 1;
        presentation.updated_at = now;
        let others = writes()?;
        if others.is_empty() {
            // A single write costs half of what it costs in a transaction.
            let written = store.update_without_return(&presentation_key(id), update).await?;
            return Ok(written.map(|()| WriteOutcome::Applied(presentation)));
        }
        let mut all = vec![("order", TransactWrite::update(presentation_key(id), update))];
        all.extend(others);
        match store.transact(all).await? {
            TransactOutcome::Applied => Ok(WriteOutcome::Applied(WriteOutcome::Applied(presentation))),
            TransactOutcome::Failed(failures) if failures.contains("order") => {
                Ok(WriteOutcome::ConditionFailed)
            }
            TransactOutcome::Failed(_) => Ok(WriteOutcome::Applied(WriteOutcome::ConditionFailed)),
        }
    })
    .await
}

/// Starts a change of a presentation. The change moves the presentation to the top of its owner's list.
fn touch_presentation(set: &str, now: Timestamp) -> Result<UpdateExpression> {
    let expression = format!("SET {set}, updated_at = :now, gsi1sk = :sort, version = version + :one");
    Ok(UpdateExpression::new(expression)
        .serialized(":now", &now)?
        .text(":sort", sortable_timestamp(now))
        .number(":one", 1))
}
