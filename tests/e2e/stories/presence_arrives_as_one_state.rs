use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::future::join_all;
use local::LocalOptions;
use serde_json::json;
use testkit::PresenceScreen;

use crate::world::{ClientSocket, Teammate, World};

/// Longer than a story with thirty clients takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of the team that shows who is online.
struct Client {
    socket: ClientSocket,
    screen: PresenceScreen,
    shown: usize,
}

impl Client {
    fn new(socket: ClientSocket) -> Self {
        Self { socket, screen: PresenceScreen::default(), shown: 0 }
    }

    fn show_received(&mut self) {
        for event in &self.socket.received[self.shown..] {
            self.screen.show(&event.kind, &event.payload);
        }
        self.shown = self.socket.received.len();
    }

    /// Reads until the screen shows exactly these users as online. Asks for the whole presence if an event is missing.
    async fn read_until_online(&mut self, expected: &BTreeSet<String>) {
        let deadline = Instant::now() + PATIENCE;
        self.show_received();
        while self.screen.online() != *expected {
            assert!(Instant::now() < deadline, "{:?} instead of {expected:?}", self.screen);
            if self.screen.needs_whole() {
                self.socket.send("subscribe", json!({})).await;
            }
            self.socket.read_within(Duration::from_millis(200)).await.expect("the connection is open");
            self.show_received();
        }
    }
}

fn ids<'a>(team: impl IntoIterator<Item = &'a Teammate>) -> BTreeSet<String> {
    team.into_iter().map(|member| member.id.clone()).collect()
}

/// Thirty members arrive at once, half of them with clients that know only `user_status`. Each sees all others, although nothing reads
/// the queue that carries messages to large channels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_members_who_arrive_at_once_see_each_other() {
    let Some(world) = World::without_broadcasts("a team arrives").await else { return };
    let names: Vec<String> = (0..30).map(|number| format!("m{number}")).collect();
    let team = join_all(names.iter().map(|name| world.teammate(name))).await;
    let everyone = ids(&team);
    let clients = join_all(team.iter().enumerate().map(|(number, member)| async move {
        let socket = match number % 2 {
            0 => member.connect_for_state().await,
            _ => member.connect_to_team_unread().await,
        };
        Client::new(socket)
    }))
    .await;
    let clients = join_all(clients.into_iter().zip(&team).map(|(mut client, member)| {
        let everyone = &everyone;
        async move {
            client.socket.wait_for("connection_established").await;
            if client.socket.count("team_presence") == 0 {
                // a client that knows only single statuses reads who is online already
                let online = member.client.get("/v1/channels/online").await.ok(200);
                for user in online["users"].as_array().unwrap() {
                    let status = json!({ "user_id": user, "status": "online", "as_of": online["as_of"] });
                    client.screen.show("user_status", &status);
                }
            }
            client.read_until_online(everyone).await;
            client
        }
    }))
    .await;
    for (number, client) in clients.iter().enumerate() {
        let (states, statuses) = (client.socket.count("team_presence"), client.socket.count("user_status"));
        match number % 2 {
            0 => assert!(statuses == 0 && (1..=15).contains(&states), "{states} states, {statuses} statuses"),
            _ => assert!(states == 0 && statuses > 0, "{states} states, {statuses} statuses"),
        }
    }
    let queued = world.local_cloud().emulator().sqs().peek("BroadcastQueue");
    let frames: Vec<_> = queued.iter().filter(|message| message.body.contains("broadcast_frame")).collect();
    assert!(frames.is_empty(), "{frames:?}");
}

/// A connection that comes back receives the whole presence with its version, and misses no change after it.
#[tokio::test]
async fn a_reconnecting_client_receives_the_whole_presence() {
    let Some(world) = World::local_only("a reconnect").await else { return };
    let (ana, bo, cy) = (world.teammate("ana").await, world.teammate("bo").await, world.teammate("cy").await);
    let mut hers = Client::new(ana.connect_for_state().await);
    hers.read_until_online(&ids([&ana])).await;
    let version = hers.screen.version();
    hers.socket.close().await;
    let _his = bo.connect_to_team().await;
    let mut hers = Client::new(ana.connect_for_state().await);
    let whole = hers.socket.wait_for("team_presence").await;
    assert!(whole["since_version"].is_null(), "{whole}");
    hers.read_until_online(&ids([&ana, &bo])).await;
    assert!(hers.screen.version() >= version);
    let cys = cy.connect_to_team().await;
    hers.read_until_online(&ids([&ana, &bo, &cy])).await;
    cys.close().await;
    // a page that is loaded again is back within five seconds
    world.local_cloud().clock().advance(Duration::from_secs(6));
    hers.read_until_online(&ids([&ana, &bo])).await;
    assert_eq!(hers.socket.count("user_status"), 0);
}

/// The network of a member fails, and `$disconnect` never comes. The clock finds it.
#[tokio::test]
async fn a_lost_disconnect_is_corrected_in_the_state() {
    let Some(world) = World::without_disconnects("a member in a tunnel").await else { return };
    let (ana, bo) = (world.teammate("ana").await, world.teammate("bo").await);
    let mut his = Client::new(bo.connect_for_state().await);
    let hers = ana.connect_to_team().await;
    his.read_until_online(&ids([&ana, &bo])).await;
    hers.drop_without_close();
    while world.local_cloud().open_socket_count() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..8 {
        his.socket.receive_until_pong().await;
        world.local_cloud().clock().advance(Duration::from_secs(30));
        world.local_cloud().run_schedules().await;
        world.wait_for_jobs().await;
    }
    his.read_until_online(&ids([&bo])).await;
    let (_hers, _) = ana.connect_with_state().await;
    his.read_until_online(&ids([&ana, &bo])).await;
}

/// Jobs are doubled, late and reordered, `$disconnect`s are lost, connections are cut, and the table is throttled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_right_under_chaos() {
    let options = LocalOptions { chaos: Some(20_261_130), ..LocalOptions::default() };
    let Some(world) = World::local_only_with("chaos", options).await else { return };
    let names: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    let team = join_all(names.iter().map(|name| world.teammate(name))).await;
    let mut clients = Vec::new();
    for member in &team {
        clients.push(Client::new(member.connect_for_state().await));
    }
    for client in clients.drain(4..) {
        client.socket.drop_without_close();
    }
    let remaining = ids(&team[..4]);
    let deadline = Instant::now() + 2 * PATIENCE;
    loop {
        for (client, member) in clients.iter_mut().zip(&team) {
            let sent = client.socket.try_send("ping", json!({})).await;
            if sent.is_err() || client.socket.read_within(Duration::from_millis(100)).await.is_err() {
                *client = Client::new(member.connect_for_state().await);
            }
            client.show_received();
            if client.screen.needs_whole() {
                let _ = client.socket.try_send("subscribe", json!({})).await;
            }
        }
        if clients.iter().all(|client| client.screen.online() == remaining) {
            break;
        }
        let screens: Vec<_> = clients.iter().map(|client| client.screen.online()).collect();
        assert!(Instant::now() < deadline, "{screens:?} instead of {remaining:?}");
        world.local_cloud().clock().advance(Duration::from_secs(5));
        world.local_cloud().run_schedules().await;
    }
}
