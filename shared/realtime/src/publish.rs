//! An event to everyone in a room.

use std::time::Duration;

use futures::{StreamExt, future::try_join_all, stream};
use jiff::Timestamp;
use model::{Error, Room, UserId};
use protocol::{Event, OutgoingFrame, job::BroadcastFrame};
use store::{
    dynamodb::key::ROOM_SHARDS,
    realtime::connections::{self, Connection},
};
use uuid::Uuid;

use crate::{
    RealtimeHub,
    connection_post::{OPENING_PERIOD, PostOutcome},
    presence::SessionStateReason,
    team_presence::is_team_connection,
};

/// Connections up to which the publisher posts itself: with more, its caller would wait, and shards go out in parallel.
const MAX_DIRECT_POSTS: usize = 100;
/// How long the publisher waits for its own posts: somebody waits for its answer, and what happened is stored already.
const DIRECT_POST_TIMEOUT: Duration = Duration::from_secs(4);
/// Posts under way at once.
const MAX_CONCURRENT_POSTS: usize = 50;

impl RealtimeHub {
    /// Tells a room. What cannot be told from here is handed to the broadcast queue, which tries again: an event may come
    /// twice, and is harmless twice.
    pub async fn publish(&self, room: Room, event: Event, now: Timestamp) -> Result<(), Error> {
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        self.deliver_frame(room, frame, now).await
    }

    /// Tells one holder in a room: every tab and device of theirs there.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub async fn publish_to_holder(
        &self,
        room: Room,
        holder: Uuid,
        event: Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        let theirs = connections::list_by_holder(&self.store, room, holder, now).await?;
        self.post_all(room, &theirs, &frame, false, now).await
    }

    /// Tells somebody of the team on every tab and device of theirs, but not those that are in a session: what is a talk's is shown to
    /// others.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub async fn publish_to_teammate(&self, user: UserId, event: Event, now: Timestamp) -> Result<(), Error> {
        let room = Room::User(user);
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        let mut theirs = connections::list_in_room(&self.store, room, now).await?;
        theirs.retain(is_team_connection);
        self.post_all(room, &theirs, &frame, false, now).await
    }

    /// Tells a small room, but for one holder and all their devices. Best effort: a larger room is not told, and what does not
    /// arrive is not tried again. For what is stale in seconds, as that somebody writes.
    pub async fn publish_except(
        &self,
        room: Room,
        holder: Uuid,
        event: Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(mut others) =
            connections::list_in_small_room(&self.store, room, MAX_DIRECT_POSTS, now).await?
        else {
            return Ok(());
        };
        others.retain(|other| other.identity.holder_id() != holder);
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        self.post_all(room, &others, &frame, false, now).await
    }

    /// Tells a small room many things, which may come in any order; the room is read once. What cannot be told from here is
    /// handed over, as by [`publish`](Self::publish).
    pub async fn publish_each(
        &self,
        room: Room,
        events: impl IntoIterator<Item = Event>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let frames = events.into_iter().map(|event| OutgoingFrame::to_room(room, event, now).to_json());
        let frames = frames.collect::<Result<Vec<String>, Error>>()?;
        if frames.is_empty() {
            return Ok(());
        }
        let untold = match connections::list_in_room(&self.store, room, now).await {
            Ok(members) => self.post_each(room, &members, frames, now).await,
            Err(record_error) => {
                tracing::warn!(%room, %record_error, "a room could not be read; handing it over");
                frames
            }
        };
        let handed = untold.into_iter().map(|frame| self.enqueue_broadcast(room, frame, now));
        try_join_all(handed).await.map(drop)
    }

    /// The frames that somebody did not get.
    async fn post_each(
        &self,
        room: Room,
        members: &[Connection],
        frames: Vec<String>,
        now: Timestamp,
    ) -> Vec<String> {
        let posts: Vec<_> = frames
            .into_iter()
            .map(|frame| async move {
                let told = self.post_all(room, members, &frame, false, now).await;
                told.is_err().then_some(frame)
            })
            .collect();
        stream::iter(posts)
            .buffer_unordered(MAX_CONCURRENT_POSTS)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    async fn enqueue_broadcast(&self, room: Room, frame: String, now: Timestamp) -> Result<(), Error> {
        self.queues.send(&BroadcastFrame { room, shard: None, frame, close: false }, now).await
    }

    /// Tells a room, and in ten seconds once more, then closing every connection in it: what is counted meanwhile still
    /// reaches everyone.
    pub async fn publish_and_close(&self, room: Room, event: Event, now: Timestamp) -> Result<(), Error> {
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        self.queues
            .send(&BroadcastFrame { room, shard: None, frame: frame.clone(), close: true }, now)
            .await?;
        self.deliver_frame(room, frame, now).await
    }

    async fn deliver_frame(&self, room: Room, frame: String, now: Timestamp) -> Result<(), Error> {
        let small = match connections::list_in_small_room(&self.store, room, MAX_DIRECT_POSTS, now).await {
            Ok(small) => small,
            Err(error) => {
                tracing::warn!(%room, %error, "a room could not be read; handing it over");
                return self.enqueue_broadcast(room, frame, now).await;
            }
        };
        if let Some(members) = small {
            let told = self.post_all(room, &members, &frame, false, now);
            return match tokio::time::timeout(DIRECT_POST_TIMEOUT, told).await {
                Ok(Ok(())) => Ok(()),
                // some have it already, and once more does them no harm
                Ok(Err(_)) | Err(_) => self.enqueue_broadcast(room, frame, now).await,
            };
        }
        let shards = (0..ROOM_SHARDS).map(|shard| {
            let job = BroadcastFrame { room, shard: Some(shard), frame: frame.clone(), close: false };
            async move { self.queues.send(&job, now).await }
        });
        try_join_all(shards).await.map(drop)
    }

    /// The work of `worker-broadcast`: a shard, or a whole room.
    ///
    /// # Errors
    /// The first failure, after everyone was tried.
    pub async fn run_broadcast(&self, job: &BroadcastFrame, now: Timestamp) -> Result<(), Error> {
        let members = match job.shard {
            Some(shard) => connections::list_in_shard(&self.store, job.room, shard, now).await?,
            None => connections::list_in_room(&self.store, job.room, now).await?,
        };
        self.post_all(job.room, &members, &job.frame, job.close, now).await
    }

    async fn post_all(
        &self,
        room: Room,
        members: &[Connection],
        frame: &str,
        close: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let posts: Vec<_> =
            members.iter().map(|member| self.post_to_subscription(room, member, frame, close, now)).collect();
        let outcomes: Vec<Result<(), Error>> =
            stream::iter(posts).buffer_unordered(MAX_CONCURRENT_POSTS).collect().await;
        outcomes.into_iter().collect()
    }

    async fn post_to_subscription(
        &self,
        room: Room,
        member: &Connection,
        frame: &str,
        close: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        match self.post(&member.id, frame).await? {
            // not open yet: it is greeted once more when it is, with what it has just missed
            PostOutcome::Gone if now < member.connected_at + OPENING_PERIOD => {
                self.enqueue_connection_state(member, SessionStateReason::RetryAfterOpening, now).await
            }
            PostOutcome::Gone => {
                if matches!(room, Room::Channel(_) | Room::Team) {
                    // out of this one at once: until `member_left` has run, everything said here would meet it again
                    connections::unsubscribe(&self.store, room, member.identity.holder_id(), &member.id)
                        .await?;
                }
                self.handle_disconnect(member, now).await
            }
            PostOutcome::Delivered if close => self.disconnect(&member.id).await,
            PostOutcome::Delivered => Ok(()),
        }
    }
}
