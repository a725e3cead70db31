//! Publishes presence: to one connection as a whole, and to the team what has changed.
//!
//! A connection receives presence in the form that it chose ([`PresenceForm`]). `State` is one event for all changes of a tick.
//! `Events` is one event for each change, which the original's clients know. Two hundred people who arrive within a second are
//! then forty thousand posts, but on a queue of their own, so that messages do not wait behind them (ADR 8).

use entry::App;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use jiff::Timestamp;
use model::{Error, PresenceForm, Room};
use protocol::{
    Event, OutgoingFrame,
    event::chat::{PresenceStatus, TeamPresenceChanged, UserStatusChanged},
    job::DeliverPresence,
};
use realtime::connection_post::PostOutcome;
use store::{
    WriteOutcome,
    chat::presence::{self, PresenceVersion, TeamPresence},
    dynamodb::key::ROOM_SHARDS,
    realtime::connections::{self, Connection},
    retry_conflict,
};

/// The most statuses of a published event. 250 statuses are 27 KB, and API Gateway bills a post by 32 KB.
const MAX_PUBLISHED_USERS: usize = 250;
/// The most statuses of an event to one connection. 1,000 statuses are 107 KB, and API Gateway takes 128 KB.
const MAX_SENT_USERS: usize = 1_000;
/// The most single statuses of one job. In a shard of 300 connections they are 7,500 posts, half of the worker's timeout.
const MAX_USERS_PER_JOB: usize = 25;
/// The connections of a team above which its shards are published to by jobs.
const MAX_DIRECT_CONNECTIONS: usize = 1_000;
/// The posts that a publication makes itself. At 50 concurrent posts of 50 ms they take a second.
const MAX_DIRECT_POSTS: usize = 1_000;
/// Rows that are marked as published concurrently.
const WRITE_CONCURRENCY: usize = 16;

/// Publishes all statuses that are not published yet. The row of a status is marked after that, so that a crash in between leads
/// to a second publication and never to none.
///
/// Claims its versions between the reading of the last version and the publication ([`PresenceVersion`]). Costs 2 write units, and
/// 1 write unit for each status. Reads the presence of the team, 1 read unit for 20 members.
pub(crate) async fn publish_changes(app: &App) -> Result<(), Error> {
    let (before, changed) = retry_conflict("the presence of the team", || async {
        let now = app.clock.now();
        let before = presence::get_version(&app.store, now).await?;
        let changed = presence::list_unpublished(&app.store, now).await?;
        if changed.is_empty() {
            return Ok::<_, Error>(WriteOutcome::Applied((before, changed)));
        }
        let count = changed.len().div_ceil(MAX_PUBLISHED_USERS) as u64;
        let claimed = presence::claim_versions(&app.store, before, count).await?;
        Ok(claimed.map(|()| (before, changed)))
    })
    .await?;
    let PresenceVersion { claimed, published: mut since_version } = before;
    for (version, part) in (claimed + 1..).zip(changed.chunks(MAX_PUBLISHED_USERS)) {
        let users = part.iter().map(user_status).collect();
        publish(app, TeamPresenceChanged { version, since_version: Some(since_version), users }).await?;
        presence::record_published(&app.store, version).await?;
        let marks: Vec<_> = part.iter().map(|row| presence::mark_published(&app.store, row)).collect();
        stream::iter(marks).buffer_unordered(WRITE_CONCURRENCY).try_collect::<()>().await?;
        since_version = version;
    }
    Ok(())
}

fn user_status(row: &TeamPresence) -> UserStatusChanged {
    let status = if row.is_online { PresenceStatus::Online } else { PresenceStatus::Offline };
    UserStatusChanged { user_id: row.id, status, as_of: row.since }
}

/// Publishes statuses to the team: directly to a small one, by jobs to the shards of a large one.
async fn publish(app: &App, presence: TeamPresenceChanged) -> Result<(), Error> {
    let now = app.clock.now();
    let members =
        connections::list_in_small_room(&app.store, Room::Team, MAX_DIRECT_CONNECTIONS, now).await?;
    for form in [PresenceForm::State, PresenceForm::Events] {
        let posted = match &members {
            Some(members) => post_directly(app, members, form, &presence, now).await?,
            None => false,
        };
        if !posted {
            enqueue_deliveries(app, &presence, form, now).await?;
        }
    }
    Ok(())
}

/// Posts statuses to the members that receive them in a form. Returns false if there is too much to post, or a post failed. Jobs
/// then post all of it. A status that arrives twice does no harm.
async fn post_directly(
    app: &App,
    members: &[Connection],
    form: PresenceForm,
    presence: &TeamPresenceChanged,
    now: Timestamp,
) -> Result<bool, Error> {
    let recipients = in_form(members, form);
    let frames = frames(presence, form, now)?;
    if recipients.len() * frames.len() > MAX_DIRECT_POSTS {
        return Ok(false);
    }
    let posted = app.realtime.post_in_order(Room::Team, &recipients, &frames, now).await;
    if let Err(error) = &posted {
        tracing::warn!(%error, "presence was not posted to a connection; jobs post it again");
    }
    Ok(posted.is_ok())
}

/// Sends the jobs that post statuses to each shard of the team.
async fn enqueue_deliveries(
    app: &App,
    presence: &TeamPresenceChanged,
    form: PresenceForm,
    now: Timestamp,
) -> Result<(), Error> {
    let size = match form {
        PresenceForm::State => presence.users.len().max(1),
        PresenceForm::Events => MAX_USERS_PER_JOB,
    };
    for (number, users) in presence.users.chunks(size).enumerate() {
        let jobs = (0..ROOM_SHARDS).map(|shard| {
            let presence = TeamPresenceChanged { users: users.to_vec(), ..presence.clone() };
            let job = DeliverPresence { presence, form, shard: Some(shard), part: number * size };
            async move { app.queues.send(&job, now).await }
        });
        try_join_all(jobs).await?;
    }
    Ok(())
}

/// Posts statuses to a shard of the team.
///
/// # Errors
/// Fails if a connection could not be posted to, after every connection was tried. The queue repeats the job.
pub(crate) async fn deliver(app: &App, job: &DeliverPresence) -> Result<(), Error> {
    let now = app.clock.now();
    let members = match job.shard {
        Some(shard) => connections::list_in_shard(&app.store, Room::Team, shard, now).await?,
        None => connections::list_in_room(&app.store, Room::Team, now).await?,
    };
    let frames = frames(&job.presence, job.form, now)?;
    app.realtime.post_in_order(Room::Team, &in_form(&members, job.form), &frames, now).await
}

fn in_form(members: &[Connection], form: PresenceForm) -> Vec<Connection> {
    members.iter().filter(|member| member.presence == form).cloned().collect()
}

fn frames(presence: &TeamPresenceChanged, form: PresenceForm, now: Timestamp) -> Result<Vec<String>, Error> {
    let events = match form {
        PresenceForm::State => vec![Event::TeamPresence(presence.clone())],
        PresenceForm::Events => presence.users.iter().copied().map(Event::UserStatus).collect(),
    };
    let frames = events.into_iter().map(|event| OutgoingFrame::to_room(Room::Team, event, now).to_json());
    frames.collect()
}

/// Sends the whole presence to a connection that receives it as a state. The connection must be in the team's room already, so that
/// a change in between arrives as an event. Costs 1 read unit for 20 members.
pub(crate) async fn send_whole(app: &App, connection: &Connection, now: Timestamp) -> Result<(), Error> {
    if connection.presence == PresenceForm::Events {
        return Ok(());
    }
    // The version is read before the rows, so that the rows are at least as new as it says.
    let version = presence::get_version(&app.store, now).await?.claimed;
    let online = presence::list_online(&app.store, now).await?;
    let users: Vec<UserStatusChanged> = online.iter().map(user_status).collect();
    for presence in whole_presence(version, &users) {
        if app.realtime.send_event(connection, Event::TeamPresence(presence), now).await? == PostOutcome::Gone
        {
            break;
        }
    }
    Ok(())
}

/// Splits the whole presence into events that fit a post. The first one replaces what the client has, and the others are changes to
/// it of the same version.
fn whole_presence(version: u64, users: &[UserStatusChanged]) -> Vec<TeamPresenceChanged> {
    let first = users.iter().take(MAX_SENT_USERS).copied().collect();
    let rest = users.get(MAX_SENT_USERS..).unwrap_or_default().chunks(MAX_SENT_USERS);
    let rest = rest.map(|users| TeamPresenceChanged {
        version,
        since_version: Some(version),
        users: users.to_vec(),
    });
    std::iter::once(TeamPresenceChanged { version, since_version: None, users: first }).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use protocol::envelope::MAX_MESSAGE_BYTES;
    use uuid::Uuid;

    use super::*;

    /// The unit by which API Gateway bills a message.
    const BILLED_BYTES: usize = 32 * 1024;

    fn statuses(count: usize) -> Vec<UserStatusChanged> {
        let as_of = "2026-11-30T12:00:00.123Z".parse().unwrap();
        let status = PresenceStatus::Offline;
        let ids = (0..count as u128).map(|number| Uuid::from_u128(u128::MAX - number).into());
        ids.map(|user_id| UserStatusChanged { user_id, status, as_of }).collect()
    }

    fn size_of(presence: &TeamPresenceChanged) -> usize {
        frames(presence, PresenceForm::State, Timestamp::UNIX_EPOCH).unwrap()[0].len()
    }

    #[test]
    fn the_largest_presence_events_fit() {
        let published = TeamPresenceChanged {
            version: u64::MAX,
            since_version: Some(u64::MAX),
            users: statuses(MAX_PUBLISHED_USERS),
        };
        assert!(size_of(&published) <= BILLED_BYTES);
        for part in whole_presence(u64::MAX, &statuses(2_500)) {
            assert!(size_of(&part) <= MAX_MESSAGE_BYTES);
        }
    }

    #[test]
    fn a_large_presence_is_split_and_complete() {
        for (count, sizes) in
            [(0, vec![0]), (1, vec![1]), (1_000, vec![1_000]), (2_001, vec![1_000, 1_000, 1])]
        {
            let users = statuses(count);
            let parts = whole_presence(7, &users);
            assert_eq!(parts.iter().map(|part| part.users.len()).collect::<Vec<_>>(), sizes);
            assert_eq!(parts[0].since_version, None, "the first part replaces what the client has");
            assert!(parts.iter().skip(1).all(|part| part.since_version == Some(7)));
            assert!(parts.iter().all(|part| part.version == 7));
            assert_eq!(parts.into_iter().flat_map(|part| part.users).collect::<Vec<_>>(), users);
        }
    }
}
