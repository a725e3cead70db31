//! Synchronization of accounts with the chat. Sockets are subscribed to exactly the channels that their user is a
//! member of, also if members join and leave concurrently.

use model::{
    ChannelId, Room, SessionId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
    user::{AccountState, Username},
};
use protocol::job::{ConnectionOpened, OpenedReason, SyncProfile};
use store::{
    ReadConsistency, WriteOutcome,
    chat::{
        channels::{self, Channel},
        memberships::{self, JoinOutcome, Membership, RemainingOwner},
    },
    identity::users,
    realtime::connections::{self, ConnectionIdentity},
};
use testkit::samples;

use crate::world::{ChatWorld, processing_job};

impl ChatWorld {
    /// Gives an account a user name and a status.
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

    /// Removes a member as `DELETE /v1/channels/{id}/members/{user_id}` does, without interruption.
    async fn kick_member(&self, channel: ChannelId, who: &MessageAuthor) {
        let left = memberships::leave(
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
        for row in rows.await.unwrap().iter().filter(|_| left == WriteOutcome::Applied(())) {
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
        let (succeeded, was_interrupted) = world
            .cloud
            .run_interleaved(steps, world.deliver(&worker, &job), world.kick_member(general, &who))
            .await;
        assert!(succeeded, "after {steps} steps");
        let is_in = world.is_member(general, &who).await;
        assert_eq!(world.is_subscribed(Room::Channel(general), &who).await, is_in, "after {steps} steps");
        kicked += usize::from(!is_in);
        if !was_interrupted {
            break;
        }
    }
    assert!(kicked > 2, "{kicked} members were kicked after they had joined");
}

#[tokio::test]
async fn a_crash_leaves_no_subscription_of_a_former_member() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut left = 0;
    for steps in 1.. {
        let ana = world.create_user(&format!("ana{steps}")).await;
        let bo = world.create_user(&format!("bo{steps}")).await;
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
    assert!(left > 1, "{left} crashes came after the member had left");
}

/// Another member becomes owner of a deleted owner's channel. That member may leave at any moment.
#[tokio::test]
async fn an_account_deletion_survives_a_leaving_successor() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    for steps in 1.. {
        let ana = world.create_user(&format!("ana{steps}")).await;
        let bo = world.create_user(&format!("bo{steps}")).await;
        let channel = world.create_channel(&[&ana, &bo]).await;
        let up = (MemberRole::Member, MemberRole::Owner);
        let assigned =
            memberships::assign_role(&world.app.store, channel, ana.id, up, RemainingOwner::NotRequired)
                .await
                .unwrap();
        assert_eq!(assigned, WriteOutcome::Applied(()));
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
        let (succeeded, was_interrupted) =
            world.cloud.run_interleaved(steps, world.deliver(&worker, &job), leave).await;
        assert!(succeeded, "after {steps} steps");
        // a private channel is deleted with its last member, and the member's row is deleted later
        let channel_is_there =
            channels::get(&world.app.store, channel, ReadConsistency::Strong, world.clock.now())
                .await
                .unwrap()
                .is_some();
        assert!(!channel_is_there || !world.is_member(channel, &ana).await, "after {steps} steps");
        if !was_interrupted {
            break;
        }
    }
}

/// The sockets were opened before the user chose a user name.
#[tokio::test]
async fn choosing_a_user_name_onboards_open_sockets_once() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let _tab = world.connect_to_team("tab=", ana.id).await;
    let login = world.clock.new_id();
    let session = world.clock.new_id::<SessionId>();
    let _talk = world
        .connect_as("talk=", ConnectionIdentity::Account { user: ana.id, login, presents: Some(session) })
        .await;
    let job = SyncProfile { user: ana.id };
    assert!(world.deliver(&worker, &job).await);
    assert!(world.queued_jobs::<ConnectionOpened>().is_empty(), "she has no user name");
    world.save_account(&ana, AccountState::Active).await;
    assert!(world.deliver(&worker, &job).await);
    let [opened] = &world.queued_jobs::<ConnectionOpened>()[..] else {
        panic!("{:?}", world.queued_jobs::<ConnectionOpened>())
    };
    assert_eq!((&*opened.connection, opened.reason), ("tab=", OpenedReason::Requested));
    let now = world.clock.now();
    for row in connections::list_in_room(&world.app.store, Room::User(ana.id), now).await.unwrap() {
        connections::subscribe(&world.app.store, Room::Team, &row).await.unwrap();
    }
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(world.queued_jobs::<ConnectionOpened>().len(), 1, "her socket is onboarded");
}

#[tokio::test]
async fn a_presenter_socket_receives_no_mentions() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let mut tab = world.connect_to_team("tab=", bo.id).await;
    let login = world.clock.new_id();
    let session = world.clock.new_id::<SessionId>();
    let presents = ConnectionIdentity::Account { user: bo.id, login, presents: Some(session) };
    let mut talk = world.connect_as("talk=", presents).await;
    let message = world.append_message(channel, &ana, "@bo in between", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    let notified = [&mut tab, &mut talk].map(|socket| socket.payloads_of("mention_notification").len());
    assert_eq!(notified, [1, 0]);
}

/// A job that wrote an older name writes the newer one afterwards.
#[tokio::test]
async fn concurrent_profile_jobs_keep_the_newest_name() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    for steps in 1.. {
        let who = world.create_user(&format!("user{steps}")).await;
        let channel = world.create_channel(&[&who]).await;
        let set_name = async |name: &str| {
            let now = world.clock.now();
            let mut user = users::get_strong(&world.app.store, who.id, now).await.unwrap().unwrap();
            user.name = name.into();
            world.app.store.put(&user).await.unwrap();
        };
        let job = SyncProfile { user: who.id };
        set_name("Older").await;
        let newer = async {
            set_name("Newer").await;
            assert!(world.deliver(&worker, &job).await);
        };
        let (succeeded, was_interrupted) =
            world.cloud.run_interleaved(steps, world.deliver(&worker, &job), newer).await;
        assert!(succeeded, "after {steps} steps");
        let now = world.clock.now();
        let row =
            memberships::get(&world.app.store, channel, who.id, ReadConsistency::Strong, now).await.unwrap();
        let expected = if was_interrupted { "Newer" } else { "Older" };
        assert_eq!(row.unwrap().name, expected, "after {steps} steps");
        if !was_interrupted {
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

#[tokio::test]
async fn a_direct_channel_is_deleted_with_its_last_member() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let now = world.clock.now();
    let (ana, bo, cy) =
        (world.create_user("ana").await, world.create_user("boris").await, world.create_user("cyril").await);
    // with bo a message was exchanged, and cy never became a member
    let (with_bo, with_cy) =
        (ChannelId::derive_direct(ana.id, bo.id), ChannelId::derive_direct(ana.id, cy.id));
    for (id, other) in [(with_bo, bo.id), (with_cy, cy.id)] {
        let channel = Channel {
            id,
            channel_kind: ChannelKind::Direct,
            name: None,
            description: None,
            is_default: false,
            created_by: Some(ana.id),
            member_count: 1,
            archived_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let (member, membership) = samples::chat::membership_rows(id, &ana, MemberRole::Member, now);
        let rows = [(member, Membership { other_user: Some(other), ..membership })];
        channels::create(&world.app.store, &channel, &rows).await.unwrap();
    }
    let (member, membership) = samples::chat::membership_rows(with_bo, &bo, MemberRole::Member, now);
    let membership = Membership { other_user: Some(ana.id), is_received: true, ..membership };
    let joined = memberships::join(&world.app.store, &member, &membership).await.unwrap();
    assert_eq!(joined, JoinOutcome::Joined);
    let member_count = async |id| {
        let channel = channels::get(&world.app.store, id, ReadConsistency::Strong, now).await.unwrap();
        channel.map(|channel| channel.member_count)
    };
    assert_eq!((member_count(with_bo).await, member_count(with_cy).await), (Some(2), Some(1)));

    world.save_account(&ana, AccountState::Deleted).await;
    for _ in 0..2 {
        assert!(world.deliver(&worker, &SyncProfile { user: ana.id }).await);
        assert_eq!((member_count(with_bo).await, member_count(with_cy).await), (Some(1), None));
        assert!(world.is_member(with_bo, &bo).await && !world.is_member(with_bo, &ana).await);
    }
    world.save_account(&bo, AccountState::Deleted).await;
    assert!(world.deliver(&worker, &SyncProfile { user: bo.id }).await);
    assert_eq!(member_count(with_bo).await, None);
}
