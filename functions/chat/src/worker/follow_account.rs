use entry::App;
use futures::{StreamExt, TryStreamExt, stream};
use model::{
    ChannelId, Error, ErrorCode, Room, UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
    user::AccountState,
};
use protocol::{
    Event,
    event::chat::MemberRoleChanged,
    job::{ConnectionOpened, OpenedReason, SyncProfile},
};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{
        channels,
        memberships::{self, Membership, RemainingOwner},
    },
    identity::users,
    realtime::connections::{self, Connection},
};

use crate::{
    channels::{announce, defaults, leave},
    presence::is_team_connection,
    team,
};

/// Rows that are written at once.
const WRITE_CONCURRENCY: usize = 16;
/// How often others may come and go at the same moment.
const MAX_ATTEMPTS: usize = 8;

/// Makes the chat agree with an account as it is now. Of one that is deleted nothing is left but what it wrote.
///
/// Again where somebody's names changed: a job of an older name that runs at the same time may write last, and reads the account
/// after it.
pub(super) async fn run(app: &App, SyncProfile { user: id }: SyncProfile) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let user = users::get_strong(&app.store, id, now).await?;
        let Some(user) = user.filter(|user| user.status != AccountState::Deleted) else {
            return remove_from_chat(app, id).await;
        };
        let places = memberships::list_memberships(&app.store, id, now).await?;
        let author = team::team_author(&user);
        if let Some(author) = &author {
            if defaults::needs_default_channels(app, id, &places, now).await? {
                defaults::join_default_channels(app, author).await?;
            }
            onboard_sockets(app, id).await?;
        }
        // whoever has given up their user name is not called by it: somebody else may have it
        let name = user.name.clone();
        let called = author.unwrap_or(MessageAuthor { id, username: String::new(), name });
        if update_member_names(app, &called, &places).await? == 0 {
            return Ok(());
        }
    }
    Err(Error::unavailable("the table", "an account is renamed all the time"))
}

/// Has the sockets welcomed that are not in the team's room: of who had no user name when they were opened. 2 read units.
async fn onboard_sockets(app: &App, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let (theirs, welcomed) = futures::try_join!(
        connections::list_in_room(&app.store, Room::User(user), now),
        connections::list_by_holder(&app.store, Room::Team, user.uuid(), now),
    )?;
    let is_new =
        |one: &&Connection| is_team_connection(one) && welcomed.iter().all(|other| other.id != one.id);
    for connection in theirs.iter().filter(is_new) {
        let Connection { id, identity, .. } = connection.clone();
        let job = ConnectionOpened { connection: id, identity, reason: OpenedReason::Requested };
        app.queues.send(&job, now).await?;
    }
    Ok(())
}

/// Writes somebody's names into the lists of members where they are others, and says in how many they were.
async fn update_member_names(
    app: &App,
    called: &MessageAuthor,
    places: &[Membership],
) -> Result<usize, Error> {
    let ids: Vec<ChannelId> = places.iter().map(|place| place.channel).collect();
    let mut rows = memberships::list_by_user(&app.store, called.id, &ids, app.clock.now()).await?;
    rows.retain(|row| row.username != called.username || row.name != called.name);
    let renames =
        rows.iter().map(|row| memberships::update_names(&app.store, row, &called.username, &called.name));
    let renames: Vec<_> = renames.collect();
    stream::iter(renames).buffer_unordered(WRITE_CONCURRENCY).try_for_each(|_| async { Ok(()) }).await?;
    Ok(rows.len())
}

/// Takes a deleted account out of its channels, and deletes what was its alone. The channels go first, so that a try that broke off
/// finds the others.
async fn remove_from_chat(app: &App, user: UserId) -> Result<(), Error> {
    for place in memberships::list_memberships(&app.store, user, app.clock.now()).await? {
        remove_from_channel(app, user, place.channel).await?;
    }
    Ok(memberships::delete_chat_rows(&app.store, user).await?)
}

async fn remove_from_channel(app: &App, user: UserId, id: ChannelId) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        let now = app.clock.now();
        let (channel, place) = futures::try_join!(
            channels::get(&app.store, id, ReadConsistency::Strong, now),
            memberships::get_membership(&app.store, user, id, now),
        )?;
        // a deleted channel is cleared away by another job, with its places
        let (Some(channel), Some(place)) = (channel, place) else { return Ok(()) };
        let is_alone = channel.member_count <= 1;
        if place.role == MemberRole::Owner && !is_alone {
            transfer_ownership(app, id, user).await?;
        }
        let who = leave::member_author(app, &channel, user).await?;
        let gone = match channel.channel_kind {
            ChannelKind::Direct => {
                memberships::leave(&app.store, id, user, place.role, RemainingOwner::NotRequired).await?
            }
            ChannelKind::Public | ChannelKind::Private => {
                match leave::remove_and_publish(app, &channel, &who, place.role).await {
                    // the heir has gone meanwhile: there may be another one, or nobody
                    Err(Error::Conflict(ErrorCode::LastOwner, _)) => WriteOutcome::ConditionFailed,
                    gone => gone?,
                }
            }
        };
        if gone == WriteOutcome::Applied(()) {
            return Ok(());
        }
    }
    Err(Error::unavailable("the table", "members come and go all the time"))
}

/// Whoever has been in a channel for longest owns it, moderators first, where nobody else does.
async fn transfer_ownership(app: &App, channel: ChannelId, from: UserId) -> Result<(), Error> {
    let mut others = memberships::list(&app.store, channel, app.clock.now()).await?;
    others.retain(|member| member.user != from);
    let heir =
        others.iter().min_by_key(|member| (std::cmp::Reverse(member.role), member.joined_at, member.user));
    let Some(heir) = heir.filter(|heir| heir.role != MemberRole::Owner) else { return Ok(()) };
    let role = MemberRole::Owner;
    let given = memberships::assign_role(
        &app.store,
        channel,
        heir.user,
        (heir.role, role),
        RemainingOwner::NotRequired,
    )
    .await?;
    if given == WriteOutcome::Applied(()) {
        let event = MemberRoleChanged { user_id: heir.user, channel_id: channel, role };
        announce::publish_or_log(app, Room::Channel(channel), Event::MemberUpdated(event)).await;
    }
    Ok(())
}
