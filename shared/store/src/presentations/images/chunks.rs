//! The bytes of images.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use model::ImageId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::StoredImage;
use crate::{
    Item, Key, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey},
    },
};

/// Bytes of a chunk: with its keys below an item's 400 KB (DynamoDB).
const CHUNK_BYTES: usize = 350 * 1024;
/// Chunks that are read, or deleted, at once.
const CONCURRENT_REQUESTS: usize = 6;
/// Chunks that are written at once: what a partition takes in a second, 1,000 write units.
const CONCURRENT_WRITES: usize = 3;
/// Whoever writes an image, or takes one away, is done by now: a request has 30 s.
const UPLOAD_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug, Serialize, Deserialize)]
struct ImageChunk {
    image: ImageId,
    upload: Uuid,
    number: u32,
    bytes: Bytes,
}

impl Item for ImageChunk {
    const KIND: &'static str = "image_chunk";

    fn key(&self) -> Key {
        chunk_key(self.image, self.upload, self.number)
    }
}

fn chunk_key(image: ImageId, upload: Uuid, number: u32) -> Key {
    Key::new(&PartitionKey::Image(image), &SortKey::Chunk(upload, number))
}

/// That chunks belong to no image, and when somebody should clear them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrphanedChunks {
    /// The upload.
    id: Uuid,
    image: ImageId,
    pub(super) chunks: u32,
    clear_at: Timestamp,
}

impl Item for OrphanedChunks {
    const KIND: &'static str = "orphaned_chunks";

    fn key(&self) -> Key {
        orphaned_chunks_key(self.image, self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.clear_at)
    }
}

pub(super) fn orphaned_chunks_key(image: ImageId, upload: Uuid) -> Key {
    Key::new(&PartitionKey::Image(image), &SortKey::OrphanedChunks(upload))
}

impl OrphanedChunks {
    /// Chunks that are about to be written.
    pub(super) fn for_upload(image: ImageId, upload: Uuid, size: usize, now: Timestamp) -> Self {
        let chunks = u32::try_from(size.div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX);
        Self { id: upload, image, chunks, clear_at: now + UPLOAD_TIMEOUT }
    }

    /// Chunks whose image is being taken away.
    pub(super) fn for_deletion(image: &StoredImage, now: Timestamp) -> Self {
        Self { id: image.upload, image: image.id, chunks: image.chunks, clear_at: now + UPLOAD_TIMEOUT }
    }
}

/// G2: as many write units as there are kilobytes.
pub(super) async fn write_chunks(store: &Store, loose: &OrphanedChunks, bytes: &[u8]) -> Result<()> {
    let puts: Vec<_> = (0..)
        .zip(bytes.chunks(CHUNK_BYTES))
        .map(|(number, chunk)| put_chunk(store, loose, number, chunk))
        .collect();
    stream::iter(puts).buffer_unordered(CONCURRENT_WRITES).try_collect().await
}

async fn put_chunk(store: &Store, loose: &OrphanedChunks, number: u32, chunk: &[u8]) -> Result<()> {
    let bytes = Bytes::copy_from_slice(chunk);
    store.put(&ImageChunk { image: loose.image, upload: loose.id, number, bytes }).await
}

/// G2: a read unit for every 8 KB; `None` when it was deleted since the item was read.
pub async fn read_bytes(store: &Store, image: &StoredImage, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let reads: Vec<_> = (0..image.chunks).map(|number| read_chunk(store, image, number, now)).collect();
    let chunks: Vec<Option<ImageChunk>> =
        stream::iter(reads).buffered(CONCURRENT_REQUESTS).try_collect().await?;
    let mut whole = Vec::with_capacity(image.size);
    for chunk in chunks {
        let Some(chunk) = chunk else { return Ok(None) };
        whole.extend_from_slice(&chunk.bytes);
    }
    Ok(Some(whole))
}

/// Chunks never change, so that only one that is not there yet needs the dearer read.
async fn read_chunk(
    store: &Store,
    image: &StoredImage,
    number: u32,
    now: Timestamp,
) -> Result<Option<ImageChunk>> {
    let key = chunk_key(image.id, image.upload, number);
    match store.get(&key, ReadConsistency::Eventual, now).await? {
        Some(chunk) => Ok(Some(chunk)),
        None => store.get(&key, ReadConsistency::Strong, now).await,
    }
}

/// G3: deletes chunks that belong to no image, and then what says so. As many write units as they have kilobytes.
pub async fn delete_orphaned_chunks(
    store: &Store,
    image: ImageId,
    upload: Uuid,
    now: Timestamp,
) -> Result<()> {
    let key = orphaned_chunks_key(image, upload);
    // while it is there no image has them: it goes in the transaction that makes one
    let Some(loose) = store.get::<OrphanedChunks>(&key, ReadConsistency::Strong, now).await? else {
        return Ok(());
    };
    stream::iter(0..loose.chunks)
        .map(|number| async move { store.delete(&chunk_key(image, upload, number)).await })
        .buffer_unordered(CONCURRENT_REQUESTS)
        .try_collect::<()>()
        .await?;
    store.delete(&key).await
}
