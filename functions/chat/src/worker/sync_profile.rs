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
    WriteOutcome,
    chat::{
        channels::RemainingMembers,
        memberships::{self, Membership, RemainingOwner},
    },
    identity::users,
    realtime::connections::{self, Connection},
    retry_conflict,
};

use crate::{
    channels::{access::load_channel_and_membership, default_channels, delete, leave, publish},
    presence::is_team_connection,
    team,
};

/// Rows that are written concurrently.
const WRITE_CONCURRENCY: usize = 16;

/// Updates the chat to the current state of an account: its names, its default channels and its sockets. A deleted
/// account leaves all channels, and only its messages remain.
///
/// After names were written, the account is read again. A concurrent job that read older names may write them last, but
/// it reads the account after that and writes the newer names.
pub(super) async fn run(app: &App, SyncProfile { user }: SyncProfile) -> Result<(), Error> {
    retry_conflict("the account", || async {
        Ok::<_, Error>(match sync_once(app, user).await? {
            0 => WriteOutcome::Applied(()),
            _renamed => WriteOutcome::ConditionFailed,
        })
    })
    .await
}

/// Updates the chat to the state of the account, and returns in how many channels the names were different.
async fn sync_once(app: &App, id: UserId) -> Result<usize, Error> {
    let now = app.clock.now();
    let user = users::get_strong(&app.store, id, now).await?;
    let Some(user) = user.filter(|user| user.status != AccountState::Deleted) else {
        remove_from_chat(app, id).await?;
        return Ok(0);
    };
    let memberships = memberships::list_memberships(&app.store, id, now).await?;
    let author = team::team_author(&user);
    if let Some(author) = &author {
        if default_channels::needs_default_channels(app, id, &memberships, now).await? {
            default_channels::join_default_channels(app, author).await?;
        }
        onboard_sockets(app, id).await?;
    }
    // a user name that was given up is removed, because another user may choose it
    let without_username = MessageAuthor { id, username: String::new(), name: user.name };
    update_member_names(app, &author.unwrap_or(without_username), &memberships).await
}

/// Sends the onboarding job of sockets that are not in the team's room. They were opened before the user chose a user
/// name. Costs 2 read units.
async fn onboard_sockets(app: &App, user: UserId) -> Result<(), Error> {
    let now = app.clock.now();
    let (sockets, onboarded) = futures::try_join!(
        connections::list_in_room(&app.store, Room::User(user), now),
        connections::list_by_holder(&app.store, Room::Team, user.uuid(), now),
    )?;
    let is_new = |socket: &&Connection| {
        is_team_connection(socket) && onboarded.iter().all(|other| other.id != socket.id)
    };
    for connection in sockets.iter().filter(is_new) {
        let Connection { id, identity, .. } = connection.clone();
        let job = ConnectionOpened { connection: id, identity, reason: OpenedReason::Requested };
        app.queues.send(&job, now).await?;
    }
    Ok(())
}

/// Writes the user's names into the member lists that have others, and returns their number.
async fn update_member_names(
    app: &App,
    author: &MessageAuthor,
    memberships: &[Membership],
) -> Result<usize, Error> {
    let ids: Vec<ChannelId> = memberships.iter().map(|membership| membership.channel).collect();
    let mut rows = memberships::list_by_user(&app.store, author.id, &ids, app.clock.now()).await?;
    rows.retain(|row| row.username != author.username || row.name != author.name);
    let writes =
        rows.iter().map(|row| memberships::update_names(&app.store, row, &author.username, &author.name));
    let writes: Vec<_> = writes.collect();
    stream::iter(writes).buffer_unordered(WRITE_CONCURRENCY).try_for_each(|_| async { Ok(()) }).await?;
    Ok(rows.len())
}

/// Removes a deleted account from its channels, and then deletes its other rows. The channels come first, so that a
/// retry after a failure still finds the rest.
async fn remove_from_chat(app: &App, user: UserId) -> Result<(), Error> {
    for membership in memberships::list_memberships(&app.store, user, app.clock.now()).await? {
        remove_from_channel(app, user, membership.channel).await?;
    }
    Ok(memberships::delete_chat_rows(&app.store, user).await?)
}

/// Removes the user from a channel. Transfers the ownership first if the user is the only owner.
async fn remove_from_channel(app: &App, user: UserId, id: ChannelId) -> Result<(), Error> {
    retry_conflict("the channel", || async {
        // a deleted channel's memberships are deleted by another job
        let (Some(channel), Some(membership)) = load_channel_and_membership(app, id, user).await? else {
            return Ok(WriteOutcome::Applied(()));
        };
        let is_last_member = channel.member_count <= 1;
        if membership.role == MemberRole::Owner && !is_last_member {
            transfer_ownership(app, id, user).await?;
        }
        let member = leave::member_author(app, &channel, user).await?;
        match channel.channel_kind {
            // No member remains. The other one left before, or has never become a member.
            ChannelKind::Direct if is_last_member => {
                delete::delete_and_publish(app, &channel, RemainingMembers::OnlyCaller).await
            }
            ChannelKind::Direct => {
                let not_required = RemainingOwner::NotRequired;
                Ok(memberships::leave(&app.store, id, user, membership.role, not_required).await?)
            }
            ChannelKind::Public | ChannelKind::Private => {
                match leave::remove_and_publish(app, &channel, &member, membership.role).await {
                    // the new owner left meanwhile; the next attempt chooses another one if members remain
                    Err(Error::Conflict(ErrorCode::LastOwner, _)) => Ok(WriteOutcome::ConditionFailed),
                    removed => removed,
                }
            }
        }
    })
    .await
}

/// Makes another member an owner if the channel has no other one: the moderator, or else the member, who joined first.
async fn transfer_ownership(app: &App, channel: ChannelId, from: UserId) -> Result<(), Error> {
    let mut others = memberships::list(&app.store, channel, app.clock.now()).await?;
    others.retain(|member| member.user != from);
    let successor =
        others.iter().min_by_key(|member| (std::cmp::Reverse(member.role), member.joined_at, member.user));
    let Some(successor) = successor.filter(|member| member.role != MemberRole::Owner) else { return Ok(()) };
    let role = MemberRole::Owner;
    let assigned = memberships::assign_role(
        &app.store,
        channel,
        successor.user,
        (successor.role, role),
        RemainingOwner::NotRequired,
    )
    .await?;
    if assigned == WriteOutcome::Applied(()) {
        let event = MemberRoleChanged { user_id: successor.user, channel_id: channel, role };
        publish::publish_or_log(app, Room::Channel(channel), Event::MemberUpdated(event)).await;
    }
    Ok(())
}
