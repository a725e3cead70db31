//! Connections, and the rooms that they are subscribed to.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | REALTIME-1 | one connection | table | `CONNECTION#{id}` | `#` | [`get`], [`put`], [`delete`] |
//! | REALTIME-2 | the connections in a room | table | `ROOM#{room}` | `CONNECTION#…` | [`list_in_room`], [`list_in_small_room`], [`subscribe`], [`unsubscribe`] |
//! | REALTIME-3 | one shard of a large room | table | `ROOM#{room}` | `CONNECTION#{hex digit}…` | [`list_in_shard`] |
//! | REALTIME-4 | the connections of one holder in a room | table | `ROOM#{room}` | `CONNECTION#{hex}#{holder}#…` | [`list_by_holder`] |
//!
//! Rows have a TTL, because `$disconnect` may never come. A post that returns 410 deletes them earlier.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use model::Room;
pub use model::{AccountLogin, ConnectionIdentity, PresenceForm};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Item, Key, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix, room_shard},
    },
};

/// A connection lives two hours (API Gateway's quota). Its rows live a little longer.
const ROW_LIFETIME: SignedDuration = SignedDuration::from_mins(125);

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: String,
    pub identity: ConnectionIdentity,
    /// The display name of a participant, as it was when the socket opened.
    pub display_name: Option<String>,
    /// The network from which the socket opened, for rate limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    pub connected_at: Timestamp,
    /// The time of the gateway's clock, as `connected_at`. `None` if the connection presents nothing.
    #[serde(default)]
    pub presents_since: Option<Timestamp>,
    /// The form in which the connection receives the presence of the team.
    #[serde(default, skip_serializing_if = "is_default")]
    pub presence: PresenceForm,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

/// REALTIME-1. Returns a connection. Strong, because a message may follow `$connect` within a millisecond.
pub async fn get(store: &Store, id: &str, now: Timestamp) -> Result<Option<Connection>> {
    store.get(&Key::new(&PartitionKey::Connection(id), &SortKey::Self_), ReadConsistency::Strong, now).await
}

/// REALTIME-1, REALTIME-2. Writes the connection and one row in each of its rooms. A transaction would cost twice as
/// much. A row without the others expires, or receives one post in vain.
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

/// REALTIME-1, REALTIME-2. Deletes a connection and its rows in the rooms of its identity.
pub async fn delete(store: &Store, connection: &Connection) -> Result<()> {
    futures::try_join!(leave_rooms(store, connection), delete_row(store, &connection.id)).map(drop)
}

/// REALTIME-2. Takes a connection out of the rooms of its identity. The row of the connection stays until [`delete_row`].
pub async fn leave_rooms(store: &Store, connection: &Connection) -> Result<()> {
    let rows = connection.identity.rooms().into_iter().map(|room| subscription_key(room, connection));
    try_join_all(rows.map(|key| async move { store.delete(&key).await })).await.map(drop)
}

/// REALTIME-1. Deletes the row of a connection.
pub async fn delete_row(store: &Store, id: &str) -> Result<()> {
    store.delete(&Key::new(&PartitionKey::Connection(id), &SortKey::Self_)).await
}

/// REALTIME-2. Takes a connection into a room beside those of its identity, as a channel that its user is a member of. 1 write unit.
/// The caller also unsubscribes it, because [`delete`] only knows the rooms of the identity.
pub async fn subscribe(store: &Store, room: Room, connection: &Connection) -> Result<()> {
    store.put(&RoomSubscription { room, connection: connection.clone() }).await
}

/// REALTIME-2. Takes a connection out of a room, even if it is closed already.
pub async fn unsubscribe(store: &Store, room: Room, holder: Uuid, connection: &str) -> Result<()> {
    store
        .delete(&Key::new(&PartitionKey::Room(&room.to_string()), &SortKey::Connection(holder, connection)))
        .await
}

/// REALTIME-2. After a change of the identity, takes the connection out of the rooms that the new identity is not in.
pub async fn unsubscribe_stale(store: &Store, before: &Connection, after: &Connection) -> Result<()> {
    let kept: Vec<Key> =
        after.identity.rooms().into_iter().map(|room| subscription_key(room, after)).collect();
    let left = before.identity.rooms().into_iter().map(|room| subscription_key(room, before));
    let left = left.filter(|key| !kept.contains(key));
    try_join_all(left.map(|key| async move { store.delete(&key).await })).await.map(drop)
}

/// REALTIME-2. Returns all connections in a room.
pub async fn list_in_room(store: &Store, room: Room, now: Timestamp) -> Result<Vec<Connection>> {
    query_connections(store, room_query(room), now).await
}

/// REALTIME-2. Returns the connections in a room of at most `most`, or `None` for a larger room. One request.
pub async fn list_in_small_room(
    store: &Store,
    room: Room,
    most: usize,
    now: Timestamp,
) -> Result<Option<Vec<Connection>>> {
    let page =
        store.page::<RoomSubscription>(room_query(room), &PageRequest::internal(most + 1), now).await?;
    let fits = page.items.len() <= most && page.next.is_none();
    Ok(fits.then(|| page.items.into_iter().map(|member| member.connection).collect()))
}

/// REALTIME-3. Returns the connections in one shard of a room.
pub async fn list_in_shard(store: &Store, room: Room, shard: u8, now: Timestamp) -> Result<Vec<Connection>> {
    let range = Query::between(&PartitionKey::Room(&room.to_string()), &room_shard(shard)).strong();
    query_connections(store, range, now).await
}

/// REALTIME-4. Returns the connections of one holder in a room, such as other tabs and devices. 1 read unit.
pub async fn list_by_holder(
    store: &Store,
    room: Room,
    holder: Uuid,
    now: Timestamp,
) -> Result<Vec<Connection>> {
    let query = Query::with_prefix(&PartitionKey::Room(&room.to_string()), &prefix::held_by(holder)).strong();
    query_connections(store, query, now).await
}

// Strong, because a client that has just connected read the room's state before the change that is published now.
fn room_query(room: Room) -> Query {
    Query::with_prefix(&PartitionKey::Room(&room.to_string()), prefix::CONNECTION).strong()
}

async fn query_connections(store: &Store, query: Query, now: Timestamp) -> Result<Vec<Connection>> {
    let members: Vec<RoomSubscription> = store.query_all(query, now).await?;
    Ok(members.into_iter().map(|member| member.connection).collect())
}
