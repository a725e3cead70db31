//! Publishes changes of channels and their members.

use entry::App;
use futures::future::try_join_all;
use model::{ChannelId, Error, Room, UserId, channel::ChannelKind, message::MessageAuthor};
use protocol::{
    Event,
    event::chat::{DirectChannelUpdated, MembershipChanged},
};
use store::chat::{channels::Channel, memberships::Membership};

use super::{
    subscriptions::{subscribe_user_sockets, unsubscribe_user_sockets},
    view,
};

/// Publishes an event to a room. The change is stored already, so a failure is logged and the request does not fail. A
/// client that misses the event reads the change later.
pub(crate) async fn publish_or_log(app: &App, room: Room, event: Event) {
    if let Err(error) = app.realtime.publish(room, event, app.clock.now()).await {
        tracing::warn!(%room, %error, "an event was not published");
    }
}

/// Publishes an event to the own connections of a user, on every tab and device. A failure is logged, as in [`publish_or_log`].
pub(crate) async fn publish_to_own_devices(app: &App, user: UserId, event: Event) {
    if let Err(error) = app.realtime.publish_to_account(user, event, app.clock.now()).await {
        tracing::warn!(%user, %error, "an event was not published");
    }
}

/// Publishes to the own devices of a member whether they have hidden a direct channel.
pub(crate) async fn publish_visibility(app: &App, membership: &Membership) {
    let Membership { user, channel, hidden_through, rev, .. } = *membership;
    let event = DirectChannelUpdated { channel_id: channel, hidden_through, version: rev };
    publish_to_own_devices(app, user, Event::DirectChannelUpdated(event)).await;
}

/// Subscribes the members' sockets to a new channel, and publishes the channel to the users who can see it.
pub(crate) async fn publish_channel_created(app: &App, channel: &Channel, members: &[UserId]) {
    let subscriptions = members.iter().map(|user| subscribe_user_sockets(app, channel.id, *user));
    if let Err(error) = try_join_all(subscriptions).await {
        tracing::warn!(channel.id = %channel.id, %error, "sockets were not subscribed to a new channel");
    }
    let event = Event::ChannelCreated(view::channel_view(channel));
    if channel.channel_kind == ChannelKind::Public {
        return publish_or_log(app, Room::Team, event).await;
    }
    for user in members {
        publish_or_log(app, Room::User(*user), event.clone()).await;
    }
}

/// Subscribes a new member's sockets, and publishes to the channel that they joined. The member's own tabs hear it too.
pub(crate) async fn publish_user_joined(
    app: &App,
    channel: ChannelId,
    member: &MessageAuthor,
) -> Result<(), Error> {
    subscribe_user_sockets(app, channel, member.id).await?;
    publish_or_log(app, Room::Channel(channel), Event::UserJoined(channel_member_event(channel, member)))
        .await;
    Ok(())
}

/// Unsubscribes a former member's sockets, and publishes to the channel and to the former member that they left.
pub(crate) async fn publish_user_left(
    app: &App,
    channel: ChannelId,
    member: &MessageAuthor,
) -> Result<(), Error> {
    unsubscribe_user_sockets(app, channel, member.id).await?;
    let event = Event::UserLeft(channel_member_event(channel, member));
    publish_or_log(app, Room::Channel(channel), event.clone()).await;
    publish_or_log(app, Room::User(member.id), event).await;
    Ok(())
}

fn channel_member_event(channel: ChannelId, member: &MessageAuthor) -> MembershipChanged {
    MembershipChanged { user_id: member.id, username: member.username.clone(), channel_id: channel }
}
