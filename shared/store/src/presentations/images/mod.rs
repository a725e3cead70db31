//! Images. An item holds 400 KB, so the bytes are stored in chunks beside the item. Chunks belong to one upload and not
//! to the image. So one upload cannot delete the chunks of a concurrent upload of the same bytes.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | PRESENTATIONS-9 | one image | table | `IMAGE#{id}` | `#` | [`get`], [`put`], [`delete`] |
//! | PRESENTATIONS-10 | the bytes of an image | table | `IMAGE#{id}` | `CHUNK#{upload}#{n}` | [`read_bytes`] |
//! | PRESENTATIONS-11 | chunks that belong to no image yet, or no longer | table | `IMAGE#{id}` | `LOOSE#{upload}` | [`put`], [`delete_orphaned_chunks`] |
//! | PRESENTATIONS-12 | images and chunks that must be checked | due | `0` | `due_at` | [`delete_if_unused`], [`delete_orphaned_chunks`] |
//!
//! **No chunk is left behind.** A marker for the chunks is written before the first chunk, and in the transaction that
//! deletes an image. If the request dies, the clock deletes the chunks of the marker.

mod chunks;
mod delete_unused;

use jiff::{SignedDuration, Timestamp};
use model::{
    ImageId, UserId,
    image::{ImageFilename, ImageFormat},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::chunks::OrphanedChunks;
use self::chunks::orphaned_chunks_key;
pub use self::{
    chunks::{delete_orphaned_chunks, read_bytes},
    delete_unused::delete_if_unused,
};
use crate::{
    ConditionExpression, Item, Key, ReadConsistency, Store, TransactOutcome, TransactWrite, UpdateExpression,
    WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        item::sortable_timestamp,
        key::{PartitionKey, SortKey},
    },
};

/// How long an image is kept without a slide that shows it. An owner may upload an image today and use it tomorrow, or
/// restore a slide that was deleted by mistake.
const UNUSED_PERIOD: SignedDuration = SignedDuration::from_hours(24);

/// An image as it is stored, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    pub id: ImageId,
    pub owner: UserId,
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    /// The size in bytes.
    pub size: usize,
    pub created_at: Timestamp,
    /// The upload whose chunks are the bytes.
    upload: Uuid,
    chunks: u32,
    /// The time since which no slide is known to show the image.
    unused_since: Option<Timestamp>,
    check_at: Timestamp,
}

impl Item for StoredImage {
    const KIND: &'static str = "image";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.check_at)
    }
}

fn key(id: ImageId) -> Key {
    Key::new(&PartitionKey::Image(id), &SortKey::Self_)
}

/// An image to store.
#[derive(Clone, Debug)]
pub struct NewImage {
    pub owner: UserId,
    /// Derived from the owner and the bytes ([`ImageId::derive`]).
    pub id: ImageId,
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    /// The id of this attempt alone.
    pub upload: Uuid,
}

/// PRESENTATIONS-9. Returns an image. Strong, because an image is shown right after its upload. 1 read unit.
pub async fn get(store: &Store, id: ImageId, now: Timestamp) -> Result<Option<StoredImage>> {
    store.get(&key(id), ReadConsistency::Strong, now).await
}

/// PRESENTATIONS-9, PRESENTATIONS-10, PRESENTATIONS-11. Stores an image, once for its owner and its bytes. An image
/// that exists counts as uploaded now. The item is written last, so a partly written image does not exist. 1 write unit
/// for each KB, the first time.
///
/// # Errors
/// Returns [`StoreError::Contended`] if the image was deleted while it was written. A retry stores it.
pub async fn put(store: &Store, new: NewImage, bytes: &[u8], now: Timestamp) -> Result<StoredImage> {
    // Read first, because most images are new, and a failed write costs as much as a successful one.
    if get(store, new.id, now).await?.is_some()
        && let Some(image) = renew_existing(store, new.id, now).await?
    {
        return Ok(image);
    }
    let orphaned = OrphanedChunks::for_upload(new.id, new.upload, bytes.len(), now);
    store.put(&orphaned).await?;
    chunks::write_chunks(store, &orphaned, bytes).await?;
    let image = StoredImage {
        id: new.id,
        owner: new.owner,
        format: new.format,
        width: new.width,
        height: new.height,
        size: bytes.len(),
        created_at: now,
        upload: new.upload,
        chunks: orphaned.chunks,
        unused_since: Some(now),
        check_at: now + UNUSED_PERIOD,
    };
    // The chunks must still exist. The clock may have deleted them if this request was slow.
    let chunks_exist =
        TransactWrite::delete(orphaned_chunks_key(new.id, new.upload), ConditionExpression::exists());
    let writes = vec![("image", TransactWrite::put_new(&image)?), ("chunks", chunks_exist)];
    if store.transact(writes).await? == TransactOutcome::Applied {
        return Ok(image);
    }
    // A concurrent upload of the same bytes came first.
    delete_orphaned_chunks(store, new.id, new.upload, now).await?;
    let other = renew_existing(store, new.id, now).await?;
    other.ok_or(StoreError::Contended("the image"))
}

/// PRESENTATIONS-9. Starts the unused period of an image again, because it was uploaded again.
async fn renew_existing(store: &Store, id: ImageId, now: Timestamp) -> Result<Option<StoredImage>> {
    let check_at = now + UNUSED_PERIOD;
    let change = UpdateExpression::new("SET unused_since = :now, check_at = :at, due_at = :due")
        .with_condition("attribute_exists(pk)")
        .text(":now", now)
        .text(":at", check_at)
        .text(":due", sortable_timestamp(check_at));
    Ok(store.update(&key(id), change).await?.applied())
}

/// PRESENTATIONS-9, PRESENTATIONS-10. Deletes an image, even if a slide shows it.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if the owner has no such image.
pub async fn delete(store: &Store, owner: UserId, name: ImageFilename, now: Timestamp) -> Result<()> {
    const NOT_FOUND: StoreError = StoreError::NotFound("image");
    let image = get(store, name.id, now).await?;
    let image = image.filter(|image| image.owner == owner && image.format == name.format).ok_or(NOT_FOUND)?;
    let same = ConditionExpression::new("upload = :upload").text(":upload", image.upload);
    delete_row(store, &image, same, now).await?.applied().ok_or(NOT_FOUND)
}

/// Deletes the item, which hides the image from everyone. Its chunks are deleted next, or later by the clock.
async fn delete_row(
    store: &Store,
    image: &StoredImage,
    only_if: ConditionExpression,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let orphaned = OrphanedChunks::for_deletion(image, now);
    let writes = vec![
        ("image", TransactWrite::delete(key(image.id), only_if)),
        ("chunks", TransactWrite::put(&orphaned, ConditionExpression::default())?),
    ];
    if store.transact(writes).await? != TransactOutcome::Applied {
        return Ok(WriteOutcome::ConditionFailed);
    }
    if let Err(error) = delete_orphaned_chunks(store, image.id, image.upload, now).await {
        tracing::warn!(image = %image.id, %error, "chunks of a deleted image are left to the clock");
    }
    Ok(WriteOutcome::Applied(()))
}

#[cfg(test)]
mod tests {
    use testkit::{TABLE_NAME, TestCloud, fixed_time as now};

    use super::*;
    use crate::{
        Query,
        platform::due::{DueWork, list_due},
        presentations::due::PresentationsDueWork,
    };

    /// The size of three chunks.
    const SIZE: usize = 900 * 1024;

    /// Starts a store. `TestCloud::store` returns the type of another compilation of this crate.
    async fn world() -> (Store, TestCloud) {
        let cloud = TestCloud::at_fixed_time().await;
        (Store::new(cloud.dynamodb_client(), TABLE_NAME.into()), cloud)
    }

    fn file() -> Vec<u8> {
        (0..SIZE).map(|n| (n / 1000 % 256).to_le_bytes()[0]).collect()
    }

    fn new(upload: u128) -> NewImage {
        let owner = UserId::from(Uuid::from_u128(1));
        let id = ImageId::derive(owner, &[7; 32]);
        NewImage { owner, id, format: ImageFormat::Png, width: 3, height: 2, upload: Uuid::from_u128(upload) }
    }

    async fn count_items(store: &Store) -> u64 {
        store.count(Query::partition(&PartitionKey::Image(new(0).id))).await.unwrap()
    }

    async fn list_due_work(store: &Store, at: Timestamp) -> Vec<DueWork> {
        let (items, _) = list_due(store, 10, None, at).await.unwrap();
        items.iter().map(|item| item.work().unwrap()).collect()
    }

    #[tokio::test]
    async fn an_image_is_read_and_deleted_with_its_bytes() {
        let (store, _cloud) = world().await;
        let image = put(&store, new(1), &file(), now()).await.unwrap();
        assert_eq!(read_bytes(&store, &image, now()).await.unwrap(), Some(file()));
        assert_eq!(count_items(&store).await, 1 + 3);
        // A second upload stores nothing more, and its day starts again.
        let later = now() + SignedDuration::from_hours(3);
        let again = put(&store, new(2), &file(), later).await.unwrap();
        assert_eq!((again.upload, again.check_at), (image.upload, later + UNUSED_PERIOD));
        assert_eq!(count_items(&store).await, 1 + 3);

        let name = |format| ImageFilename { id: image.id, format };
        let stranger = UserId::from(Uuid::from_u128(2));
        for (who, name) in [(stranger, name(ImageFormat::Png)), (image.owner, name(ImageFormat::Gif))] {
            let refused = delete(&store, who, name, now()).await.unwrap_err();
            assert!(matches!(refused, StoreError::NotFound("image")), "{refused:?}");
        }
        delete(&store, image.owner, name(ImageFormat::Png), now()).await.unwrap();
        assert_eq!(count_items(&store).await, 0);
        assert_eq!(read_bytes(&store, &image, now()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn concurrent_uploads_of_the_same_bytes_are_one_image() {
        let (store, _cloud) = world().await;
        let file = file();
        let (first, second) =
            tokio::join!(put(&store, new(1), &file, now()), put(&store, new(2), &file, now()));
        assert_eq!(first.unwrap().upload, second.unwrap().upload);
        assert_eq!(count_items(&store).await, 1 + 3);
    }

    #[tokio::test]
    async fn chunks_of_a_lost_upload_are_deleted() {
        let (store, _cloud) = world().await;
        let new = new(1);
        let orphaned = OrphanedChunks::for_upload(new.id, new.upload, SIZE, now());
        store.put(&orphaned).await.unwrap();
        chunks::write_chunks(&store, &orphaned, &file()).await.unwrap();
        assert_eq!(get(&store, new.id, now()).await.unwrap(), None);
        assert_eq!(count_items(&store).await, 1 + 3);

        assert_eq!(list_due_work(&store, now()).await, [], "the upload may still be running");
        let later = now() + SignedDuration::from_mins(16);
        assert_eq!(
            list_due_work(&store, later).await,
            [DueWork::Presentations(PresentationsDueWork::OrphanedChunks(new.id, new.upload))]
        );
        delete_orphaned_chunks(&store, new.id, new.upload, later).await.unwrap();
        assert_eq!(count_items(&store).await, 0);
        assert_eq!(list_due_work(&store, later).await, []);
    }

    /// A member may upload an image again while the clock searches the slides for it.
    #[tokio::test]
    async fn an_image_that_was_uploaded_again_is_kept() {
        let (store, _cloud) = world().await;
        let seen = put(&store, new(1), &file(), now()).await.unwrap();
        let later = seen.check_at;
        let again = put(&store, new(2), &file(), later).await.unwrap();
        let unchanged = ConditionExpression::new("check_at = :before").text(":before", seen.check_at);
        assert_eq!(delete_row(&store, &seen, unchanged, later).await.unwrap(), WriteOutcome::ConditionFailed);
        delete_if_unused(&store, seen.id, later).await.unwrap();
        assert_eq!(get(&store, seen.id, later).await.unwrap(), Some(again.clone()));
        delete_if_unused(&store, seen.id, again.check_at).await.unwrap();
        assert_eq!(count_items(&store).await, 0);
    }
}
