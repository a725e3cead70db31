//! Changes of the order of slides, and what is put in or taken out with them.

use std::{iter, time::Duration};

use jiff::Timestamp;
use model::{
    Error, PresentationId, SlideId, UserId,
    presentation::{MAX_SLIDES, SlideOrder},
};
use rand::RngExt;

use super::{Slide, key, pointer_key};
use crate::{
    ConditionExpression, Store, TransactWrite, UpdateExpression,
    dynamodb::{error::Result, item::sortable_timestamp},
    presentations::{self, Presentation, get_owned},
};

/// Tries against others who change the same order.
const MAX_ATTEMPTS: u32 = 10;

/// P1, Q1: puts a slide at the end and says its index. Needs to know nothing of the others, so any number can be
/// appended at once.
///
/// # Errors
/// `NotFound` where the owner has no such presentation, `Conflict` when it is full.
pub async fn append(store: &Store, owner: UserId, slide: &Slide) -> model::Result<usize> {
    let (id, now) = (slide.presentation, slide.updated_at);
    let condition = "#owner = :owner AND attribute_not_exists(deleted_at) AND size(slides) < :most";
    let change = touch_presentation("slides = list_append(slides, :new)", now)?
        .with_condition(condition)
        .name("#owner", "owner")
        .text(":owner", owner)
        .number(":most", MAX_SLIDES)
        .serialized(":new", &[slide.id])?;
    let mut writes = vec![TransactWrite::update(presentations::key(id), change)];
    writes.extend(insert_writes(slide)?);
    let done = store.transact(writes).await?;
    let presentation = get_owned(store, owner, id, now).await?;
    if done.is_err() {
        return Err(SlideOrder::full_error());
    }
    // someone may have moved or deleted it again by now
    presentation.slides.index_of(slide.id).ok_or(Error::NotFound("slide"))
}

/// P1, Q1: puts a slide at an index; `field` is what the caller calls the index.
///
/// # Errors
/// `NotFound` where the owner has no such presentation, `Conflict` when it is full, `Invalid` past the end.
pub async fn insert(
    store: &Store,
    owner: UserId,
    slide: &Slide,
    index: impl Fn(&SlideOrder) -> Option<usize>,
    field: &str,
) -> model::Result<usize> {
    let change = |order: &mut SlideOrder| {
        let index = index(order).ok_or(Error::NotFound("slide"))?;
        order.insert(index, slide.id, field)
    };
    let written = || insert_writes(slide);
    let order = update_order(store, owner, slide.presentation, slide.updated_at, change, written).await?;
    order.slides.index_of(slide.id).ok_or(Error::NotFound("slide"))
}

/// P1, Q1: moves a slide to an index and, where it is given, puts another content on it.
///
/// # Errors
/// `NotFound` when it has been deleted, `Invalid` naming the field past the end.
pub async fn move_to(
    store: &Store,
    of: &Presentation,
    slide: SlideId,
    index: usize,
    field: &str,
    with: Option<&Slide>,
    now: Timestamp,
) -> model::Result<()> {
    let change = |order: &mut SlideOrder| order.move_to(slide, index, field);
    let written =
        || with.iter().map(|slide| TransactWrite::put(*slide, ConditionExpression::exists())).collect();
    update_order(store, of.owner, of.id, now, change, written).await.map(drop)
}

/// P1: takes the order of a list that names exactly the slides there are.
///
/// # Errors
/// `NotFound` where the owner has no such presentation, `Invalid` naming what is missing or too much.
pub async fn reorder(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    wanted: &[SlideId],
    field: &str,
    now: Timestamp,
) -> model::Result<Presentation> {
    let change = |order: &mut SlideOrder| order.reorder(wanted, field);
    update_order(store, owner, id, now, change, || Ok(Vec::new())).await
}

/// P1, Q1, Q2: deletes a slide; those behind it move up.
///
/// # Errors
/// `NotFound` where the owner has no such slide.
pub async fn remove(store: &Store, of: &Presentation, slide: SlideId, now: Timestamp) -> model::Result<()> {
    let change =
        |order: &mut SlideOrder| if order.remove(slide) { Ok(()) } else { Err(Error::NotFound("slide")) };
    let written = || {
        let keys = [key(of.id, slide), pointer_key(slide)];
        Ok(keys.into_iter().map(|key| TransactWrite::delete(key, ConditionExpression::default())).collect())
    };
    update_order(store, of.owner, of.id, now, change, written).await.map(drop)
}

fn insert_writes(slide: &Slide) -> Result<Vec<TransactWrite>> {
    Ok(vec![TransactWrite::put_new(slide)?, TransactWrite::put_new(&slide.pointer())?])
}

/// Reads the order, changes it and writes it, with whatever must agree with it, on the condition that nobody else wrote
/// it in between; else again.
async fn update_order(
    store: &Store,
    owner: UserId,
    id: PresentationId,
    now: Timestamp,
    change: impl Fn(&mut SlideOrder) -> model::Result<()>,
    with: impl Fn() -> Result<Vec<TransactWrite>>,
) -> model::Result<Presentation> {
    for attempt in 0..MAX_ATTEMPTS {
        let mut presentation = get_owned(store, owner, id, now).await?;
        change(&mut presentation.slides)?;
        let update = touch_presentation("slides = :slides", now)?
            .with_condition("version = :version")
            .serialized(":slides", &presentation.slides)?
            .number(":version", presentation.version);
        let with = with()?;
        let done = if with.is_empty() {
            // alone it is half as dear as in a transaction
            store
                .update_without_return(&presentations::key(id), update)
                .await?
                .applied()
                .ok_or_else(|| vec![0])
        } else {
            let order = TransactWrite::update(presentations::key(id), update);
            store.transact(iter::once(order).chain(with).collect()).await?
        };
        match done {
            Ok(()) => {
                presentation.version += 1;
                presentation.updated_at = now;
                return Ok(presentation);
            }
            Err(lost) if lost.contains(&0) => {
                let wait = rand::rng().random_range(0..20_u64 << attempt.min(5));
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            Err(_) => return Err(Error::NotFound("slide")),
        }
    }
    Err(Error::unavailable("the order of the slides", "changed by many at once"))
}

/// A change of a presentation, which puts it first in its owner's list.
fn touch_presentation(set: &str, now: Timestamp) -> Result<UpdateExpression> {
    let expression = format!("SET {set}, updated_at = :now, gsi1sk = :sort, version = version + :one");
    Ok(UpdateExpression::new(expression)
        .serialized(":now", &now)?
        .text(":sort", sortable_timestamp(now))
        .number(":one", 1))
}
