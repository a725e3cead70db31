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

/// Bytes of a chunk. With its keys it is below the 400 KB of an item (DynamoDB).
const CHUNK_BYTES: usize = 350 * 1024;
/// Chunks that are read or deleted concurrently.
const CONCURRENT_REQUESTS: usize = 6;
/// Chunks that are written concurrently. They are the 1,000 write units that a partition takes in a second.
const CONCURRENT_WRITES: usize = 3;
/// A request that writes or deletes an image has finished by then, because it has 30 s.
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

/// Marks that chunks belong to no image, and when to delete them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrphanedChunks {
    /// The id of the upload.
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
    /// Marks the chunks that an upload is about to write.
    pub(super) fn for_upload(image: ImageId, upload: Uuid, size: usize, now: Timestamp) -> Self {
        let chunks = u32::try_from(size.div_ceil(CHUNK_BYTES)).unwrap_or(u32::MAX);
        Self { id: upload, image, chunks, clear_at: now + UPLOAD_TIMEOUT }
    }

    /// Marks the chunks of an image that is being deleted.
    pub(super) fn for_deletion(image: &StoredImage, now: Timestamp) -> Self {
        Self { id: image.upload, image: image.id, chunks: image.chunks, clear_at: now + UPLOAD_TIMEOUT }
    }
}

/// PRESENTATIONS-10. Writes the chunks of an upload. 1 write unit for each KB.
pub(super) async fn write_chunks(store: &Store, orphaned: &OrphanedChunks, bytes: &[u8]) -> Result<()> {
    let puts: Vec<_> = (0..)
        .zip(bytes.chunks(CHUNK_BYTES))
        .map(|(number, chunk)| put_chunk(store, orphaned, number, chunk))
        .collect();
    stream::iter(puts).buffer_unordered(CONCURRENT_WRITES).try_collect().await
}

async fn put_chunk(store: &Store, orphaned: &OrphanedChunks, number: u32, chunk: &[u8]) -> Result<()> {
    let bytes = Bytes::copy_from_slice(chunk);
    store.put(&ImageChunk { image: orphaned.image, upload: orphaned.id, number, bytes }).await
}

/// PRESENTATIONS-10. Returns the bytes of an image, or `None` if it was deleted after the item was read. 1 read unit
/// for 8 KB.
pub async fn read_bytes(store: &Store, image: &StoredImage, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let reads: Vec<_> = (0..image.chunks).map(|number| read_chunk(store, image, number, now)).collect();
    let chunks: Vec<Option<ImageChunk>> =
        stream::iter(reads).buffered(CONCURRENT_REQUESTS).try_collect().await?;
    let mut all = Vec::with_capacity(image.size);
    for chunk in chunks {
        let Some(chunk) = chunk else { return Ok(None) };
        all.extend_from_slice(&chunk.bytes);
    }
    Ok(Some(all))
}

/// Reads a chunk. Chunks never change, so only a chunk that is not replicated yet needs the strong read, which costs
/// twice as much.
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

/// PRESENTATIONS-11. Deletes chunks that belong to no image, and then their marker. 1 write unit for each KB.
pub async fn delete_orphaned_chunks(
    store: &Store,
    image: ImageId,
    upload: Uuid,
    now: Timestamp,
) -> Result<()> {
    let key = orphaned_chunks_key(image, upload);
    // While the marker exists, no image has the chunks, because the transaction that creates an image deletes the
    // marker.
    let Some(orphaned) = store.get::<OrphanedChunks>(&key, ReadConsistency::Strong, now).await? else {
        return Ok(());
    };
    stream::iter(0..orphaned.chunks)
        .map(|number| async move { store.delete(&chunk_key(image, upload, number)).await })
        .buffer_unordered(CONCURRENT_REQUESTS)
        .try_collect::<()>()
        .await?;
    store.delete(&key).await
}
