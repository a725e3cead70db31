//! Connections: who is on a socket, and in which rooms.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | C1 | whose connection is this | table | `CONNECTION#{id}` | `#` | [`get`] |
//! | C2 | who is in a room | table | `ROOM#{room}` | `CONNECTION#…` | [`in_room`], [`in_small_room`] |
//! | C3 | a shard of a large room | table | `ROOM#{room}` | `CONNECTION#{hex digit}…` | [`in_shard`] |
//! | C4 | someone's connections in a room | table | `ROOM#{room}` | `CONNECTION#{hex}#{holder}#…` | [`held_by`] |
//!
//! Rows carry a TTL because `$disconnect` may never come; a post that answers 410 deletes them earlier.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::Room;
pub use model::{AccountLogin, ConnectionIdentity};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix, room_shard},
    },
};

/// A connection lives two hours (API Gateway's quota); a row a little longer.
const ROW_LIFETIME: SignedDuration = SignedDuration::from_mins(125);

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: String,
    pub identity: ConnectionIdentity,
    /// Of a participant, as it was when the socket opened.
    pub display_name: Option<String>,
    pub connected_at: Timestamp,
    /// By the gateway's clock, as `connected_at`; `None` where it presents nothing.
    #[serde(default)]
    pub presents_since: Option<Timestamp>,
}

impl Item for Connection {
    const KIND: &'static str = "connection";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Connection(&self.id), &SortKey::Self_)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.connected_at + ROW_LIFETIME)
    }
}

/// A connection in one of its rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSubscription {
    pub room: Room,
    pub connection: Connection,
}

impl Item for RoomSubscription {
    const KIND: &'static str = "room_subscription";

    fn key(&self) -> Key {
        subscription_key(self.room, &self.connection)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.connection.expires_at()
    }
}

fn subscription_key(room: Room, connection: &Connection) -> Key {
    Key::new(
        &PartitionKey::Room(&room.to_string()),
        &SortKey::Connection(connection.identity.holder_id(), &connection.id),
    )
}

/// C1. Strong: a message may follow its `$connect` within a millisecond.
pub async fn get(store: &Store, id: &str, now: Timestamp) -> Result<Option<Connection>> {
    store.get(&Key::new(&PartitionKey::Connection(id), &SortKey::Self_), ReadConsistency::Strong, now).await
}

/// C1, C2: one write for the connection and one for each of its rooms. Not a transaction (double the price): a row
/// without its others is either swept or posted to in vain once.
pub async fn put(store: &Store, connection: &Connection) -> Result<()> {
    let members: Vec<RoomSubscription> = connection
        .identity
        .rooms()
        .into_iter()
        .map(|room| RoomSubscription { room, connection: connection.clone() })
        .collect();
    futures::try_join!(store.put(connection), try_join_all(members.iter().map(|member| store.put(member))))?;
    Ok(())
}

/// C1, C2: deletes a connection and its rows in the rooms of its identity.
pub async fn delete(store: &Store, connection: &Connection) -> Result<()> {
    futures::try_join!(leave_rooms(store, connection), delete_row(store, &connection.id)).map(drop)
}

/// C2: takes a connection out of the rooms of its identity. The row of the connection stays until [`delete_row`].
pub async fn leave_rooms(store: &Store, connection: &Connection) -> Result<()> {
    let rows = connection.identity.rooms().into_iter().map(|room| subscription_key(room, connection));
    try_join_all(rows.map(|key| async move { store.delete(&key).await })).await.map(drop)
}

/// C1: deletes the row of a connection.
pub async fn delete_row(store: &Store, id: &str) -> Result<()> {
    store.delete(&Key::new(&PartitionKey::Connection(id), &SortKey::Self_)).await
}

/// C2: takes a connection into a room beside those of its identity, as a channel that its user is a member of. 1 write unit.
/// Whoever takes it in takes it out: [`delete`] knows only those of its identity.
pub async fn subscribe(store: &Store, room: Room, connection: &Connection) -> Result<()> {
    store.put(&RoomSubscription { room, connection: connection.clone() }).await
}

/// C2: takes a connection out of a room, also one that is closed already.
pub async fn unsubscribe(store: &Store, room: Room, holder: Uuid, connection: &str) -> Result<()> {
    store
        .delete(&Key::new(&PartitionKey::Room(&room.to_string()), &SortKey::Connection(holder, connection)))
        .await
}

/// C2: gives up the places that a connection has no longer, after its identity has changed.
pub async fn unsubscribe_stale(store: &Store, before: &Connection, after: &Connection) -> Result<()> {
    let kept: Vec<Key> =
        after.identity.rooms().into_iter().map(|room| subscription_key(room, after)).collect();
    let left = before.identity.rooms().into_iter().map(|room| subscription_key(room, before));
    let left = left.filter(|key| !kept.contains(key));
    try_join_all(left.map(|key| async move { store.delete(&key).await })).await.map(drop)
}

/// C2: everyone in a room.
pub async fn list_in_room(store: &Store, room: Room, now: Timestamp) -> Result<Vec<Connection>> {
    query_connections(store, room_query(room), now).await
}

/// C2: everyone in a room of at most `most`, or `None` for a larger one. One request.
pub async fn list_in_small_room(
    store: &Store,
    room: Room,
    most: usize,
    now: Timestamp,
) -> Result<Option<Vec<Connection>>> {
    let page = store.page::<RoomSubscription>(room_query(room), most + 1, None, now).await?;
    let fits = page.items.len() <= most && page.next.is_none();
    Ok(fits.then(|| page.items.into_iter().map(|member| member.connection).collect()))
}

/// C3.
pub async fn list_in_shard(store: &Store, room: Room, shard: u8, now: Timestamp) -> Result<Vec<Connection>> {
    let range = Query::between(&PartitionKey::Room(&room.to_string()), &room_shard(shard)).strong();
    query_connections(store, range, now).await
}

/// C4: is someone still in a room, by another tab or device? 1 read unit.
pub async fn list_by_holder(
    store: &Store,
    room: Room,
    holder: Uuid,
    now: Timestamp,
) -> Result<Vec<Connection>> {
    let theirs =
        Query::with_prefix(&PartitionKey::Room(&room.to_string()), &prefix::held_by(holder)).strong();
    query_connections(store, theirs, now).await
}

// Strong: someone who has just connected read the room's state before the change that is published now.
fn room_query(room: Room) -> Query {
    Query::with_prefix(&PartitionKey::Room(&room.to_string()), prefix::CONNECTION).strong()
}

async fn query_connections(store: &Store, query: Query, now: Timestamp) -> Result<Vec<Connection>> {
    let members: Vec<RoomSubscription> = store.query_all(query, now).await?;
    Ok(members.into_iter().map(|member| member.connection).collect())
}
