//! Sockets are in the rooms of what somebody is in, whoever comes and goes at the same moment.

use model::{
    ChannelId, Room, SessionId,
    channel::MemberRole,
    message::MessageAuthor,
    user::{AccountState, Username},
};
use protocol::job::{OnboardConnection, SyncProfile};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{
        channels,
        memberships::{self, RemainingOwner},
    },
    identity::users,
    realtime::connections::{self, ConnectionIdentity},
};

use crate::world::{ChatWorld, processing_job};

impl ChatWorld {
    /// Gives an account a user name, or takes it away altogether.
    async fn save_account(&self, who: &MessageAuthor, status: AccountState) {
        let now = self.clock.now();
        let mut user = users::get_strong(&self.app.store, who.id, now).await.unwrap().unwrap();
        user.username = Some(Username::parse(&who.username).unwrap());
        user.status = status;
        self.app.store.put(&user).await.unwrap();
    }

    async fn is_member(&self, channel: ChannelId, who: &MessageAuthor) -> bool {
        memberships::get_membership(&self.app.store, who.id, channel, self.clock.now())
            .await
            .unwrap()
            .is_some()
    }

    async fn is_subscribed(&self, room: Room, who: &MessageAuthor) -> bool {
        let rows = connections::list_by_holder(&self.app.store, room, who.id.uuid(), self.clock.now());
        !rows.await.unwrap().is_empty()
    }

    /// As `DELETE /v1/channels/{id}/members/{user_id}`, in one breath.
    async fn kick_member(&self, channel: ChannelId, who: &MessageAuthor) {
        let leave = memberships::leave(
            &self.app.store,
            channel,
            who.id,
            MemberRole::Member,
            RemainingOwner::NotRequired,
        )
        .await
        .unwrap();
        let room = Room::Channel(channel);
        let rows = connections::list_by_holder(&self.app.store, room, who.id.uuid(), self.clock.now());
        for row in rows.await.unwrap().iter().filter(|_| leave == WriteOutcome::Applied(())) {
            connections::unsubscribe(&self.app.store, room, who.id.uuid(), &row.id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_member_kicked_while_connecting_receives_nothing() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let general = ChannelId::derive_default("general");
    let mut kicked = 0;
    for steps in 1.. {
        let who = world.create_user(&format!("user{steps}")).await;
        world.save_account(&who, AccountState::Active).await;
        let _socket = world.connect_to_team(&format!("socket{steps}="), who.id).await;
        let job = SyncProfile { user: who.id };
        let (done, was_there) = world
            .cloud
            .run_interleaved(steps, world.deliver(&worker, &job), world.kick_member(general, &who))
            .await;
        assert!(done, "after {steps} steps");
        let is_in = world.is_member(general, &who).await;
        assert_eq!(world.is_subscribed(Room::Channel(general), &who).await, is_in, "after {steps} steps");
        kicked += usize::from(!is_in);
        if !was_there {
            break;
        }
    }
    assert!(kicked > 2, "{kicked} were in it already when they were kicked");
}

#[tokio::test]
async fn a_crash_leaves_no_subscription_of_a_former_member() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut left = 0;
    for steps in 1.. {
        let (ana, bo) =
            (world.create_user(&format!("ana{steps}")).await, world.create_user(&format!("bo{steps}")).await);
        let channel = world.create_channel(&[&ana, &bo]).await;
        let room = Room::Channel(channel);
        let _socket = world.connect_to_team(&format!("socket{steps}="), bo.id).await;
        for row in
            connections::list_in_room(&world.app.store, Room::User(bo.id), world.clock.now()).await.unwrap()
        {
            connections::subscribe(&world.app.store, room, &row).await.unwrap();
        }
        world.save_account(&bo, AccountState::Deleted).await;
        let job = SyncProfile { user: bo.id };
        let died = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        if !world.is_member(channel, &bo).await {
            assert!(!world.is_subscribed(room, &bo).await, "after {steps} steps");
            left += 1;
        }
        if !died {
            break;
        }
    }
    assert!(left > 1, "it breaks off after they have left too");
}

/// A deleted owner's channel goes to somebody, who may go as well, at any moment.
#[tokio::test]
async fn an_account_deletion_survives_a_leaving_successor() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    for steps in 1.. {
        let (ana, bo) =
            (world.create_user(&format!("ana{steps}")).await, world.create_user(&format!("bo{steps}")).await);
        let channel = world.create_channel(&[&ana, &bo]).await;
        let up = (MemberRole::Member, MemberRole::Owner);
        let given =
            memberships::assign_role(&world.app.store, channel, ana.id, up, RemainingOwner::NotRequired)
                .await
                .unwrap();
        assert_eq!(given, WriteOutcome::Applied(()));
        world.save_account(&ana, AccountState::Deleted).await;
        let leave = async {
            for (role, stays) in [
                (MemberRole::Member, RemainingOwner::NotRequired),
                (MemberRole::Owner, RemainingOwner::OtherOwner(ana.id)),
            ] {
                let left = memberships::leave(&world.app.store, channel, bo.id, role, stays).await.unwrap();
                if left == WriteOutcome::Applied(()) {
                    return;
                }
            }
        };
        let job = SyncProfile { user: ana.id };
        let (done, was_there) = world.cloud.run_interleaved(steps, world.deliver(&worker, &job), leave).await;
        assert!(done, "after {steps} steps");
        // a private channel goes with its last member, whose row is cleared away later
        let channel_is_there =
            channels::get(&world.app.store, channel, ReadConsistency::Strong, world.clock.now())
                .await
                .unwrap()
                .is_some();
        assert!(!channel_is_there || !world.is_member(channel, &ana).await, "after {steps} steps");
        if !was_there {
            break;
        }
    }
}

/// Whoever is of the team now was connected before.
#[tokio::test]
async fn choosing_a_user_name_onboards_open_sockets_once() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let _tab = world.connect_to_team("tab=", ana.id).await;
    let (login, session) = (world.clock.new_id(), world.clock.new_id::<SessionId>());
    let _talk = world
        .connect_as("talk=", ConnectionIdentity::Account { user: ana.id, login, presents: Some(session) })
        .await;
    let job = SyncProfile { user: ana.id };
    assert!(world.deliver(&worker, &job).await);
    assert!(world.queued_jobs::<OnboardConnection>().is_empty(), "she is not of the team");
    world.save_account(&ana, AccountState::Active).await;
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(
        world.queued_jobs::<OnboardConnection>(),
        [OnboardConnection { connection: "tab=".into(), opening: false }]
    );
    let now = world.clock.now();
    for row in connections::list_in_room(&world.app.store, Room::User(ana.id), now).await.unwrap() {
        connections::subscribe(&world.app.store, Room::Team, &row).await.unwrap();
    }
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(world.queued_jobs::<OnboardConnection>().len(), 1, "she was welcomed");
}

#[tokio::test]
async fn a_presenter_socket_receives_no_mentions() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let (ana, bo) = (world.create_user("ana").await, world.create_user("bo").await);
    let channel = world.create_channel(&[&ana, &bo]).await;
    let mut tab = world.connect_to_team("tab=", bo.id).await;
    let (login, session) = (world.clock.new_id(), world.clock.new_id::<SessionId>());
    let presents = ConnectionIdentity::Account { user: bo.id, login, presents: Some(session) };
    let mut talk = world.connect_as("talk=", presents).await;
    let message = world.append_message(channel, &ana, "@bo in between", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    let told = [&mut tab, &mut talk].map(|socket| socket.payloads_of("mention_notification").len());
    assert_eq!(told, [1, 0]);
}

/// Whoever wrote a name that is old by now writes the new one after it.
#[tokio::test]
async fn concurrent_profile_jobs_keep_the_newest_name() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    for steps in 1.. {
        let who = world.create_user(&format!("user{steps}")).await;
        let channel = world.create_channel(&[&who]).await;
        let called = async |name: &str| {
            let now = world.clock.now();
            let mut user = users::get_strong(&world.app.store, who.id, now).await.unwrap().unwrap();
            user.name = name.into();
            world.app.store.put(&user).await.unwrap();
        };
        let job = SyncProfile { user: who.id };
        called("Older").await;
        let newer = async {
            called("Newer").await;
            assert!(world.deliver(&worker, &job).await);
        };
        let (done, was_there) = world.cloud.run_interleaved(steps, world.deliver(&worker, &job), newer).await;
        assert!(done, "after {steps} steps");
        let now = world.clock.now();
        let row =
            memberships::get(&world.app.store, channel, who.id, ReadConsistency::Strong, now).await.unwrap();
        let expected = if was_there { "Newer" } else { "Older" };
        assert_eq!(row.unwrap().name, expected, "after {steps} steps");
        if !was_there {
            break;
        }
    }
}

#[tokio::test]
async fn a_crash_during_onboarding_still_joins_all_default_channels() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    for steps in 1.. {
        let who = world.create_user(&format!("user{steps}")).await;
        world.save_account(&who, AccountState::Active).await;
        let job = SyncProfile { user: who.id };
        let died = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        for name in ["general", "announcements"] {
            assert!(
                world.is_member(ChannelId::derive_default(name), &who).await,
                "{name} after {steps} steps"
            );
        }
        if !died {
            break;
        }
    }
}
