//! Connections of the team open and close. Their jobs may run twice, late, or in the other order.

use model::{ChannelId, Room, message::MessageAuthor};
use protocol::{
    Event,
    event::PongEvent,
    job::{
        CheckTeamPresence, ConnectionClosed, ConnectionHeartbeat, ConnectionOpened, OpenedReason,
        PublishPresence,
    },
};
use store::{
    chat::presence,
    identity::{log_ins, users},
    realtime::connections::{self, Connection},
};

use crate::world::ChatWorld;

impl ChatWorld {
    async fn create_teammate(&self, name: &str) -> MessageAuthor {
        let user = self.create_user(name).await;
        let now = self.clock.now();
        let mut account = users::get_strong(&self.app.store, user.id, now).await.unwrap().unwrap();
        account.username = Some(model::user::Username::parse(name).unwrap());
        self.app.store.put(&account).await.unwrap();
        user
    }

    /// The connection of a user, on a log-in that exists.
    async fn stored_connection(&self, id: &str) -> Connection {
        let now = self.clock.now();
        let connection = connections::get(&self.app.store, id, now).await.unwrap().unwrap();
        let login = connection.identity.account_login().unwrap();
        let login = log_ins::Login {
            user: login.user,
            id: login.login,
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: now + jiff::SignedDuration::from_hours(1),
            user_agent: None,
            ip: None,
            account_version: 1,
            ended_at: None,
        };
        log_ins::create(&self.app.store, &login).await.unwrap();
        connection
    }

    async fn is_online(&self, who: &MessageAuthor) -> bool {
        let row = presence::get(&self.app.store, who.id, self.clock.now()).await.unwrap();
        row.is_some_and(|row| row.is_online)
    }

    async fn is_in_room(&self, room: Room, who: &MessageAuthor) -> bool {
        let rows = connections::list_by_holder(&self.app.store, room, who.id.uuid(), self.clock.now());
        !rows.await.unwrap().is_empty()
    }
}

fn opened(connection: &Connection) -> ConnectionOpened {
    let Connection { id, identity, .. } = connection.clone();
    ConnectionOpened { connection: id, identity, reason: OpenedReason::New }
}

fn closed(connection: &Connection) -> ConnectionClosed {
    let Connection { id, identity, .. } = connection.clone();
    ConnectionClosed { connection: id, identity, others: Vec::new() }
}

/// If the worker dies between two steps, the next delivery ends with the same rows.
#[tokio::test]
async fn a_crash_while_opening_or_closing_leads_to_the_same_rows() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut deaths = 0;
    for steps in 1.. {
        let ana = world.create_teammate(&format!("ana{steps}")).await;
        let channel: ChannelId = world.create_channel(&[&ana]).await;
        let id = format!("tab{steps}=");
        let mut events = world.connect_to_team(&id, ana.id).await;
        let connection = world.stored_connection(&id).await;
        let job = opened(&connection);
        let died = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        assert!(world.is_online(&ana).await, "after {steps} steps");
        assert!(!world.queued_jobs::<PublishPresence>().is_empty(), "after {steps} steps");
        for room in [Room::Team, Room::Channel(channel)] {
            assert!(world.is_in_room(room, &ana).await, "{room} after {steps} steps");
        }
        assert!(!events.payloads_of("connection_established").is_empty(), "after {steps} steps");

        connections::delete(&world.app.store, &connection).await.unwrap();
        let job = closed(&connection);
        let died_closing = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        for room in [Room::Team, Room::Channel(channel)] {
            assert!(!world.is_in_room(room, &ana).await, "{room} after {steps} steps");
        }
        let check = CheckTeamPresence { user: ana.id, after_close: true };
        assert!(world.queued_jobs::<CheckTeamPresence>().contains(&check), "after {steps} steps");
        assert!(world.deliver(&worker, &check).await);
        assert!(!world.is_online(&ana).await, "after {steps} steps");
        if !died && !died_closing {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 1, "it has more steps than {deaths}");
}

#[tokio::test]
async fn an_opening_after_the_closing_does_nothing() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_teammate("ana").await;
    let _events = world.connect_to_team("tab=", ana.id).await;
    let connection = world.stored_connection("tab=").await;
    connections::delete(&world.app.store, &connection).await.unwrap();
    assert!(world.deliver(&worker, &closed(&connection)).await);
    assert!(world.deliver(&worker, &opened(&connection)).await);
    assert!(!world.is_in_room(Room::Team, &ana).await);
    assert!(!world.is_online(&ana).await);
}

#[tokio::test]
async fn a_closed_tab_leaves_its_user_online_on_another_device() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_teammate("ana").await;
    let _tab = world.connect_to_team("tab=", ana.id).await;
    let _phone = world.connect_to_team("phone=", ana.id).await;
    let tab = world.stored_connection("tab=").await;
    let phone = world.stored_connection("phone=").await;
    for connection in [&tab, &phone] {
        assert!(world.deliver(&worker, &opened(connection)).await, "{}", connection.id);
    }
    connections::delete(&world.app.store, &tab).await.unwrap();
    assert!(world.deliver(&worker, &closed(&tab)).await);
    assert!(world.deliver(&worker, &CheckTeamPresence { user: ana.id, after_close: true }).await);
    assert!(world.is_online(&ana).await);
}

/// The status was not published, or published as offline. A ping finds that and leads to this job.
#[tokio::test]
async fn a_heartbeat_brings_a_user_back_online() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let (ana, bo) = (world.create_teammate("ana").await, world.create_teammate("bob").await);
    let _tab = world.connect_to_team("tab=", ana.id).await;
    let tab = world.stored_connection("tab=").await;
    assert!(world.deliver(&worker, &opened(&tab)).await);
    world.clock.advance(std::time::Duration::from_secs(91));
    assert!(world.deliver(&worker, &CheckTeamPresence { user: ana.id, after_close: false }).await);
    assert!(!world.is_online(&ana).await, "no heartbeat for 91 s");
    for who in [&ana, &bo] {
        assert!(world.deliver(&worker, &ConnectionHeartbeat { user: who.id }).await, "{}", who.name);
    }
    assert!(world.is_online(&ana).await);
    assert!(!world.is_online(&bo).await, "a user without a connection is not online");
}

/// The row of the team's room stayed, although the socket is closed.
#[tokio::test]
async fn the_first_event_removes_a_dead_subscription() {
    let world = ChatWorld::start().await;
    let ana = world.create_teammate("ana").await;
    let channel = world.create_channel(&[&ana]).await;
    let room = Room::Channel(channel);
    let now = world.clock.now();
    let identity =
        model::ConnectionIdentity::Account { user: ana.id, login: world.clock.new_id(), presents: None };
    let dead = Connection {
        id: "dead=".into(),
        identity,
        display_name: None,
        network: None,
        connected_at: now - jiff::SignedDuration::from_mins(1),
        presents_since: None,
        presence: model::PresenceForm::Events,
    };
    connections::subscribe(&world.app.store, room, &dead).await.unwrap();
    let event = Event::Pong(PongEvent { timestamp: now, reference: None });
    world.app.realtime.publish(room, event, now).await.unwrap();
    assert!(!world.is_in_room(room, &ana).await);
}
