//! Publishes events to rooms.

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
    connection_post::{PostOutcome, is_opening},
};

/// Connections up to which the publisher posts itself. In a larger room its caller would wait too long, so the shards are
/// published concurrently by jobs.
const MAX_DIRECT_POSTS: usize = 100;
/// How long the publisher waits for its own posts. A caller waits for the response, and the change is stored already.
const DIRECT_POST_TIMEOUT: Duration = Duration::from_secs(4);
/// Concurrent posts.
const MAX_CONCURRENT_POSTS: usize = 50;

impl RealtimeHub {
    /// Publishes an event to a room. If the publisher cannot post to all connections, a job repeats the event. An event that
    /// arrives twice does no harm.
    pub async fn publish(&self, room: Room, event: Event, now: Timestamp) -> Result<(), Error> {
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        self.deliver_frame(room, frame, now).await
    }

    /// Publishes an event to one holder in a room, on every tab and device.
    ///
    /// # Errors
    /// The first failure, after every connection was tried.
    pub async fn publish_to_holder(
        &self,
        room: Room,
        holder: Uuid,
        event: Event,
        now: Timestamp,
    ) -> Result<(), Error> {
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        let held = connections::list_by_holder(&self.store, room, holder, now).await?;
        self.post_all(room, &held, &frame, false, now).await
    }

    /// Publishes an event to an account's own connections, and not to those that belong to a session. A screen that presents a
    /// session shows private events to an audience.
    ///
    /// # Errors
    /// The first failure, after every connection was tried.
    pub async fn publish_to_account(&self, user: UserId, event: Event, now: Timestamp) -> Result<(), Error> {
        let room = Room::User(user);
        let frame = OutgoingFrame::to_room(room, event, now).to_json()?;
        let mut own = connections::list_in_room(&self.store, room, now).await?;
        own.retain(|connection| connection.identity.session().is_none());
        self.post_all(room, &own, &frame, false, now).await
    }

    /// Publishes an event to a small room without one holder. Best effort: a larger room receives nothing, and a failed post is
    /// not repeated. For events that are out of date within seconds, such as `typing_indicator`.
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

    /// Publishes many events to a small room, in any order. Reads the room once. Jobs repeat what the publisher could not post,
    /// as in [`publish`](Self::publish).
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
        let undelivered = match connections::list_in_room(&self.store, room, now).await {
            Ok(members) => self.post_each(room, &members, frames, now).await,
            Err(error) => {
                tracing::warn!(%room, %error, "a room could not be read; a job publishes to it");
                frames
            }
        };
        let repeated = undelivered.into_iter().map(|frame| self.enqueue_broadcast(room, frame, now));
        try_join_all(repeated).await.map(drop)
    }

    /// Posts frames to all members, and returns the frames that a member did not receive.
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
                let posted = self.post_all(room, members, &frame, false, now).await;
                posted.is_err().then_some(frame)
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

    /// Publishes an event to a room. A job publishes it again after ten seconds and then closes every connection in the room, so
    /// that counts that are still running reach everyone.
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
                tracing::warn!(%room, %error, "a room could not be read; a job publishes to it");
                return self.enqueue_broadcast(room, frame, now).await;
            }
        };
        if let Some(members) = small {
            let posts = self.post_all(room, &members, &frame, false, now);
            return match tokio::time::timeout(DIRECT_POST_TIMEOUT, posts).await {
                Ok(Ok(())) => Ok(()),
                // Some members receive the event twice, which does no harm.
                Ok(Err(_)) | Err(_) => self.enqueue_broadcast(room, frame, now).await,
            };
        }
        let shards = (0..ROOM_SHARDS).map(|shard| {
            let job = BroadcastFrame { room, shard: Some(shard), frame: frame.clone(), close: false };
            async move { self.queues.send(&job, now).await }
        });
        try_join_all(shards).await.map(drop)
    }

    /// Posts frames to members of a room, in this order to each of them. Tries each member, and returns the first failure after
    /// that. A connection that is not open yet receives nothing. Its owner must send it the state once it is open.
    pub async fn post_in_order(
        &self,
        room: Room,
        members: &[Connection],
        frames: &[String],
        now: Timestamp,
    ) -> Result<(), Error> {
        let posts: Vec<_> = members
            .iter()
            .map(|member| async move {
                for frame in frames {
                    if self.post(&member.id, frame).await? == PostOutcome::Gone {
                        if is_opening(member, now) {
                            return Ok(());
                        }
                        return self.leave_unreachable(room, member, now).await;
                    }
                }
                Ok(())
            })
            .collect();
        let outcomes: Vec<Result<(), Error>> =
            stream::iter(posts).buffer_unordered(MAX_CONCURRENT_POSTS).collect().await;
        outcomes.into_iter().collect()
    }

    /// Runs a broadcast job: posts the frame to a shard, or to a whole room.
    ///
    /// # Errors
    /// The first failure, after every connection was tried.
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
            PostOutcome::Delivered if close => self.disconnect(&member.id).await,
            PostOutcome::Delivered => Ok(()),
            // Its owner sends it the state again when it is open, with what it has just missed.
            PostOutcome::Gone if is_opening(member, now) => {
                self.report_unreachable(&member.id, true, now).await
            }
            PostOutcome::Gone => self.leave_unreachable(room, member, now).await,
        }
    }

    /// Reports a connection that is gone, and takes it out of a room.
    async fn leave_unreachable(&self, room: Room, member: &Connection, now: Timestamp) -> Result<(), Error> {
        // The job comes first, because a retry finds the connection by this room.
        self.report_unreachable(&member.id, false, now).await?;
        // It leaves this room at once. The next events would meet it again until the job has run.
        Ok(connections::unsubscribe(&self.store, room, member.identity.holder_id(), &member.id).await?)
    }
}
