//! Images. The bytes lie beside the item in chunks, since an item holds 400 KB. Chunks belong to one upload and not to the
//! image, so that one upload cannot take away what another one of the same bytes has just written.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | G1 | one image | table | `IMAGE#{id}` | `#` | [`get`], [`put`], [`delete`] |
//! | G2 | its bytes | table | `IMAGE#{id}` | `CHUNK#{upload}#{n}` | [`bytes`] |
//! | G3 | chunks that are of no image: not yet, or no more | table | `IMAGE#{id}` | `LOOSE#{upload}` | [`put`], [`clear`] |
//! | G4 | images and chunks to look after now | due | – | `check_at` | [`crate::platform::due::due`], [`look_after`], [`clear`] |
//!
//! **Nothing is left behind**: before the first chunk is written, and in the transaction that takes an image away, an item
//! says which chunks are loose; the clock clears what whoever wrote it did not come back for.

mod chunks;
mod delete_unused;

use jiff::{SignedDuration, Timestamp};
use model::{
    Error, ImageId, UserId,
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
    ConditionExpression, Item, Key, ReadConsistency, Store, TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{PartitionKey, SortKey},
    },
};

/// How long nothing needs to show an image before it goes: time to upload today what is put on slides tomorrow, and to take
/// back a slide that was deleted by mistake.
const UNUSED_PERIOD: SignedDuration = SignedDuration::from_hours(24);

/// An image as it lies in the table, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredImage {
    pub id: ImageId,
    pub owner: UserId,
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    /// Bytes.
    pub size: usize,
    pub created_at: Timestamp,
    /// Whose chunks are its bytes.
    upload: Uuid,
    chunks: u32,
    /// Since when no slide is known to show it.
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

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct NewImage {
    pub owner: UserId,
    /// [`ImageId::of`] the owner and the bytes.
    pub id: ImageId,
    pub format: ImageFormat,
    pub width: u32,
    pub height: u32,
    /// Of this attempt alone.
    pub upload: Uuid,
}

/// G1: 1 read unit. Strong: what was uploaded is shown at once.
pub async fn get(store: &Store, id: ImageId, now: Timestamp) -> Result<Option<StoredImage>> {
    store.get(&key(id), ReadConsistency::Strong, now).await
}

/// G1, G2, G3: keeps an image, once for its owner and its bytes; one that is there already counts as uploaded now. As many
/// write units as it has kilobytes, the first time. The item comes last: an image that is half written does not exist.
///
/// # Errors
/// `Unavailable` also when it was deleted while it was written: the next try keeps it.
pub async fn put(store: &Store, new: NewImage, bytes: &[u8], now: Timestamp) -> model::Result<StoredImage> {
    // read first: most are new, and a write that is refused costs like one that is not
    if get(store, new.id, now).await?.is_some()
        && let Some(image) = renew_existing(store, new.id, now).await?
    {
        return Ok(image);
    }
    let loose = OrphanedChunks::for_upload(new.id, new.upload, bytes.len(), now);
    store.put(&loose).await?;
    chunks::write_chunks(store, &loose, bytes).await?;
    let image = StoredImage {
        id: new.id,
        owner: new.owner,
        format: new.format,
        width: new.width,
        height: new.height,
        size: bytes.len(),
        created_at: now,
        upload: new.upload,
        chunks: loose.chunks,
        unused_since: Some(now),
        check_at: now + UNUSED_PERIOD,
    };
    // while the chunks are still there: the clock may have taken a writer that stood still for lost
    let bound = TransactWrite::delete(orphaned_chunks_key(new.id, new.upload), ConditionExpression::exists());
    if store.transact(vec![TransactWrite::put_new(&image)?, bound]).await?.is_ok() {
        return Ok(image);
    }
    // someone else was faster with the same bytes
    delete_orphaned_chunks(store, new.id, new.upload, now).await?;
    let other = renew_existing(store, new.id, now).await?;
    other.ok_or_else(|| Error::unavailable("the image", "deleted while it was written"))
}

/// G1: what is uploaded again starts its day again.
async fn renew_existing(store: &Store, id: ImageId, now: Timestamp) -> Result<Option<StoredImage>> {
    let check_at = now + UNUSED_PERIOD;
    let change = UpdateExpression::new("SET unused_since = :now, check_at = :at, due_at = :due")
        .with_condition("attribute_exists(pk)")
        .text(":now", now)
        .text(":at", check_at)
        .text(":due", sortable_timestamp(check_at));
    Ok(store.update(&key(id), change).await?.applied())
}

/// G1, G2: deletes an image, whether a slide shows it or not.
///
/// # Errors
/// `NotFound` where there is none of this owner.
pub async fn delete(store: &Store, owner: UserId, name: ImageFilename, now: Timestamp) -> model::Result<()> {
    const NONE: Error = Error::NotFound("image");
    let image = get(store, name.id, now).await?;
    let image = image.filter(|image| image.owner == owner && image.format == name.format).ok_or(NONE)?;
    let same = ConditionExpression::new("upload = :upload").text(":upload", image.upload);
    delete_row(store, &image, same, now).await?.applied().ok_or(NONE)
}

/// With the first write it is gone for everyone; its chunks follow, now or by the clock.
async fn delete_row(
    store: &Store,
    image: &StoredImage,
    only_if: ConditionExpression,
    now: Timestamp,
) -> Result<WriteOutcome> {
    let loose = OrphanedChunks::for_deletion(image, now);
    let writes = vec![
        TransactWrite::delete(key(image.id), only_if),
        TransactWrite::put(&loose, ConditionExpression::default())?,
    ];
    if store.transact(writes).await?.is_err() {
        return Ok(WriteOutcome::ConditionFailed);
    }
    if let Err(error) = delete_orphaned_chunks(store, image.id, image.upload, now).await {
        tracing::warn!(image = %image.id, %error, "chunks of a deleted image are left to the clock");
    }
    Ok(WriteOutcome::Applied(()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        Client,
        config::{BehaviorVersion, Credentials, Region},
    };
    use emulator::bench::{TABLE_NAME, TestCloud};

    use super::*;
    use crate::{
        Query,
        platform::due::{DueWork, list_due},
    };

    /// Three chunks.
    const SIZE: usize = 900 * 1024;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    async fn world() -> (Store, TestCloud) {
        let millis = now().as_millisecond();
        let bench = TestCloud::start(move || millis, None).await.unwrap();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(bench.emulator.dynamodb_url())
            .build();
        (Store::new(Client::from_conf(config), TABLE_NAME.into(), [7; 32]), bench)
    }

    fn file() -> Vec<u8> {
        (0..SIZE).map(|n| (n / 1000 % 256).to_le_bytes()[0]).collect()
    }

    fn new(upload: u128) -> NewImage {
        let owner = UserId::from(Uuid::from_u128(1));
        let id = ImageId::derive(owner, &[7; 32]);
        NewImage { owner, id, format: ImageFormat::Png, width: 3, height: 2, upload: Uuid::from_u128(upload) }
    }

    async fn items(store: &Store) -> u64 {
        store.count(Query::partition(&PartitionKey::Image(new(0).id))).await.unwrap()
    }

    async fn fallen_due(store: &Store, at: Timestamp) -> Vec<DueWork> {
        let (items, _) = list_due(store, 10, None, at).await.unwrap();
        items.iter().map(|item| item.work().unwrap()).collect()
    }

    #[tokio::test]
    async fn g2_bytes_come_back_and_go_with_the_image() {
        let (store, _bench) = world().await;
        let image = put(&store, new(1), &file(), now()).await.unwrap();
        assert_eq!(read_bytes(&store, &image, now()).await.unwrap(), Some(file()));
        assert_eq!(items(&store).await, 1 + 3);
        // again: nothing more lies there, and its day begins anew
        let later = now() + SignedDuration::from_hours(3);
        let again = put(&store, new(2), &file(), later).await.unwrap();
        assert_eq!((again.upload, again.check_at), (image.upload, later + UNUSED_PERIOD));
        assert_eq!(items(&store).await, 1 + 3);

        let name = |format| ImageFilename { id: image.id, format };
        let stranger = UserId::from(Uuid::from_u128(2));
        for (who, name) in [(stranger, name(ImageFormat::Png)), (image.owner, name(ImageFormat::Gif))] {
            let refused = delete(&store, who, name, now()).await.unwrap_err();
            assert!(matches!(refused, Error::NotFound("image")), "{refused:?}");
        }
        delete(&store, image.owner, name(ImageFormat::Png), now()).await.unwrap();
        assert_eq!(items(&store).await, 0);
        assert_eq!(read_bytes(&store, &image, now()).await.unwrap(), None);
    }

    #[tokio::test]
    async fn g1_the_same_bytes_at_once_are_one_image() {
        let (store, _bench) = world().await;
        let file = file();
        let (first, second) =
            tokio::join!(put(&store, new(1), &file, now()), put(&store, new(2), &file, now()));
        assert_eq!(first.unwrap().upload, second.unwrap().upload);
        assert_eq!(items(&store).await, 1 + 3);
    }

    #[tokio::test]
    async fn g3_what_a_lost_upload_wrote_is_cleared() {
        let (store, _bench) = world().await;
        let new = new(1);
        let loose = OrphanedChunks::for_upload(new.id, new.upload, SIZE, now());
        store.put(&loose).await.unwrap();
        chunks::write_chunks(&store, &loose, &file()).await.unwrap();
        assert_eq!(get(&store, new.id, now()).await.unwrap(), None);
        assert_eq!(items(&store).await, 1 + 3);

        assert_eq!(fallen_due(&store, now()).await, [], "whoever writes it is at it");
        let later = now() + SignedDuration::from_mins(16);
        assert_eq!(fallen_due(&store, later).await, [DueWork::OrphanedChunks(new.id, new.upload)]);
        delete_orphaned_chunks(&store, new.id, new.upload, later).await.unwrap();
        assert_eq!(items(&store).await, 0);
        assert_eq!(fallen_due(&store, later).await, []);
    }

    /// Somebody may upload it again while the clock looks for a slide that shows it.
    #[tokio::test]
    async fn g4_what_was_uploaded_again_meanwhile_stays() {
        let (store, _bench) = world().await;
        let seen = put(&store, new(1), &file(), now()).await.unwrap();
        let later = seen.check_at;
        let again = put(&store, new(2), &file(), later).await.unwrap();
        let unmoved = ConditionExpression::new("check_at = :before").text(":before", seen.check_at);
        assert_eq!(delete_row(&store, &seen, unmoved, later).await.unwrap(), WriteOutcome::ConditionFailed);
        delete_if_unused(&store, seen.id, later).await.unwrap();
        assert_eq!(get(&store, seen.id, later).await.unwrap(), Some(again.clone()));
        delete_if_unused(&store, seen.id, again.check_at).await.unwrap();
        assert_eq!(items(&store).await, 0);
    }
}
