//! Direct channels: strangers who open many, and functions that die between two calls.

use std::collections::BTreeSet;

use entry::Environment;
use jiff::SignedDuration;
use model::{ChannelId, UserId, message::MessageAuthor, user::Username};
use serde_json::{Value, json};
use store::{chat::blocks, identity::users};
use testkit::{FunctionClient, SweepFault, TestResponse, sweep_calls};

use crate::world::ChatWorld;

/// A user who calls `api-chat`.
struct Caller {
    author: MessageAuthor,
    token: String,
    client: FunctionClient,
}

impl Caller {
    async fn new(world: &ChatWorld, client: &FunctionClient, name: &str) -> Self {
        let author = world.create_user(name).await;
        let mut account = users::get_strong(&world.app.store, author.id, world.now()).await.unwrap().unwrap();
        account.username = Some(Username::parse(name).unwrap());
        world.app.store.put(&account).await.unwrap();
        let login = world.create_login(author.id).await;
        let token = world.access_token(author.id, login).await;
        Self { author, token, client: client.clone() }
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> TestResponse {
        self.client.request(method, path).bearer(&self.token).json(body).send().await
    }

    async fn call_from(&self, ip: &str, method: &str, path: &str, body: &Value) -> TestResponse {
        self.client.request(method, path).bearer(&self.token).from_ip(ip).json(body).send().await
    }

    async fn open_direct(&self, other: UserId) -> String {
        let opened = self.call("POST", "/v1/channels/direct", &json!({ "user_id": other })).await;
        assert!([200, 201].contains(&opened.status), "{}", opened.text);
        opened.body["id"].as_str().unwrap().to_owned()
    }

    async fn listed(&self) -> BTreeSet<String> {
        let mine = self.call("GET", "/v1/channels/my", &json!({})).await.ok(200);
        let items = mine["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn api(world: &ChatWorld) -> FunctionClient {
    FunctionClient::new(chat::api(world.environment()).await.unwrap())
}

async fn api_without_retries(world: &ChatWorld) -> FunctionClient {
    let mut variables = world.cloud.function_environment();
    variables.insert("AWS_MAX_ATTEMPTS".into(), "1".into());
    FunctionClient::new(chat::api(Environment::new(variables, world.clock.clone())).await.unwrap())
}

/// The numbers of a real attack: five hundred accounts behind one network, each of which opens a direct channel with one person.
#[tokio::test]
async fn five_hundred_strangers_take_no_channel_from_a_person() {
    let world = ChatWorld::start().await;
    let client = api(&world).await;
    let victim = Caller::new(&world, &client, "victim").await;
    let friend = Caller::new(&world, &client, "friend").await;
    let before = victim.listed().await;
    // the first list of a new member also joins the default channels
    friend.listed().await;
    let mut opened = Vec::new();
    for number in 0..500 {
        let stranger = Caller::new(&world, &client, &format!("s{number:03}")).await;
        let channel = stranger.open_direct(victim.author.id).await;
        opened.push((stranger, channel));
    }
    let cost = |answer: &TestResponse| answer.headers["x-colloquy-cost"].clone();
    let listed = victim.call("GET", "/v1/channels/my", &json!({})).await;
    let listed_before = friend.call("GET", "/v1/channels/my", &json!({})).await;
    assert_eq!(
        cost(&listed),
        cost(&listed_before),
        "the list costs as much as that of a person without strangers"
    );
    assert_eq!(victim.listed().await, before);

    // they write too: one network begins thirty conversations in an hour, and all together two hundred
    let mut received = BTreeSet::new();
    for (number, (stranger, channel)) in opened.iter().take(160).enumerate() {
        let message = json!({ "channel_id": channel, "content": "buy" });
        let network = format!("198.51.{}.7", number / 40);
        let sent = stranger.call_from(&network, "POST", "/v1/messages", &message).await;
        match sent.status {
            201 => received.insert(channel.clone()),
            429 => false,
            _ => panic!("{}", sent.text),
        };
    }
    assert_eq!(received.len(), 4 * 30);
    let mut expected = before.clone();
    expected.extend(received.iter().cloned());
    assert_eq!(victim.listed().await, expected);

    // none of it takes one of the person's own five hundred channels
    let created = victim.call("POST", "/v1/channels", &json!({ "name": "herons" })).await.ok(201);
    let own = created["id"].as_str().unwrap().to_owned();
    let public = friend.call("POST", "/v1/channels", &json!({ "name": "storks" })).await.ok(201);
    let body = json!({ "channel_id": public["id"] });
    victim.call("POST", "/v1/channels/join", &body).await.ok(200);
    let with_friend = friend.open_direct(victim.author.id).await;
    let hello = json!({ "channel_id": with_friend, "content": "hello" });
    friend.call("POST", "/v1/messages", &hello).await.ok(201);
    expected.extend([own, public["id"].as_str().unwrap().to_owned(), with_friend]);
    assert_eq!(victim.listed().await, expected);
}

/// A function is disturbed at any call, and the client sends the request again.
async fn disturb(faults: &[SweepFault], step: &str) {
    let world = ChatWorld::start().await;
    let client =
        if faults == SweepFault::KILLS { api(&world).await } else { api_without_retries(&world).await };
    let numbers = std::cell::Cell::new(0);
    let report = sweep_calls(faults, async |probe| {
        let number = numbers.replace(numbers.get() + 1);
        let ana = Caller::new(&world, &client, &format!("ana{number}")).await;
        let bo = Caller::new(&world, &client, &format!("bo{number}")).await;
        let direct = ana.open_direct(bo.author.id).await;
        let first = json!({ "channel_id": direct, "content": "one", "client_msg_id": "first" });
        if step != "first message" {
            ana.call("POST", "/v1/messages", &first).await.ok(201);
        }
        let block = format!("/v1/users/{}/block", bo.author.id);
        let hide = format!("/v1/channels/{direct}/hide");
        match step {
            "unhide" => drop(ana.call("POST", &hide, &json!({})).await.ok(204)),
            "unblock" => drop(ana.call("POST", &block, &json!({})).await.ok(204)),
            _ => {}
        }
        let mut phone = world.connect_to_team(&format!("phone{number}="), ana.author.id).await;
        let (method, path, body) = match step {
            "hide" => ("POST", hide, json!({})),
            "unhide" => ("POST", format!("/v1/channels/{direct}/unhide"), json!({})),
            "block" => ("POST", block, json!({})),
            "unblock" => ("DELETE", block, json!({})),
            "first message" => ("POST", "/v1/messages".to_owned(), first),
            other => panic!("{other}"),
        };
        let disturbed = probe.run(&world.cloud, ana.call(method, &path, &body)).await;
        if let Some(answer) = &disturbed {
            assert!([200, 201, 204, 503].contains(&answer.status), "{step}: {answer:?}");
        }
        let again = ana.call(method, &path, &body).await;
        assert!([200, 201, 204].contains(&again.status), "{step}: {again:?}");

        let is_listed = ana.listed().await.contains(&direct);
        assert_eq!(is_listed, !["hide", "block"].contains(&step), "{step}");
        assert!(step == "first message" || bo.listed().await.contains(&direct));
        let blocked = blocks::list(&world.app.store, ana.author.id, world.now()).await.unwrap();
        assert_eq!(!blocked.is_empty(), step == "block");
        let frames = phone.frames().0;
        let last = |kind: &str| {
            let events = frames.iter().filter(|frame| frame["type"] == kind);
            events
                .max_by_key(|frame| frame["payload"]["version"].as_u64())
                .map(|frame| frame["payload"].clone())
        };
        match step {
            "hide" => assert_eq!(last("direct_channel_updated").unwrap()["hidden_through"], 1),
            "unhide" => assert!(last("direct_channel_updated").unwrap()["hidden_through"].is_null()),
            "block" => assert_eq!(last("block_updated").unwrap()["is_blocked"], true),
            "unblock" => assert_eq!(last("block_updated").unwrap()["is_blocked"], false),
            _ => {
                // the recipient has the channel with one message
                assert!(bo.listed().await.contains(&direct));
                let history =
                    bo.call("GET", &format!("/v1/messages/channel/{direct}"), &json!({})).await.ok(200);
                assert_eq!(history["items"].as_array().unwrap().len(), 1, "{history}");
            }
        }
        world.clock.advance(std::time::Duration::from_secs(1));
    })
    .await;
    assert!(report.calls > 3, "{step}: {report:?}");
}

const FAILURES: [SweepFault; 2] = [SweepFault::InternalError, SweepFault::LoseResponse];

#[tokio::test]
async fn hiding_is_completed_after_a_fault_at_any_call() {
    for step in ["hide", "unhide"] {
        disturb(&SweepFault::KILLS, step).await;
        disturb(&FAILURES, step).await;
    }
}

#[tokio::test]
async fn blocking_is_completed_after_a_fault_at_any_call() {
    for step in ["block", "unblock"] {
        disturb(&SweepFault::KILLS, step).await;
        disturb(&FAILURES, step).await;
    }
}

#[tokio::test]
async fn a_first_message_arrives_once_after_a_fault_at_any_call() {
    disturb(&SweepFault::KILLS, "first message").await;
    disturb(&FAILURES, "first message").await;
}

/// Opening a direct channel is disturbed at any call, and opened again. Nothing reaches the other person.
#[tokio::test]
async fn opening_is_completed_after_a_crash_at_any_call() {
    let world = ChatWorld::start().await;
    let client = api(&world).await;
    let numbers = std::cell::Cell::new(0);
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let number = numbers.replace(numbers.get() + 1);
        let ana = Caller::new(&world, &client, &format!("ana{number}")).await;
        let bo = Caller::new(&world, &client, &format!("bo{number}")).await;
        probe.run(&world.cloud, ana.open_direct(bo.author.id)).await;
        let direct = ana.open_direct(bo.author.id).await;
        let expected = ChannelId::derive_direct(ana.author.id, bo.author.id).to_string();
        assert_eq!(direct, expected);
        assert!(ana.listed().await.contains(&direct));
        assert!(!bo.listed().await.contains(&direct));
        world.clock.advance(std::time::Duration::from_secs(1));
    })
    .await;
    assert!(report.calls > 6, "{report:?}");
}

/// An event that arrives late has a lower version than the later state, also after an ended block has expired.
#[tokio::test]
async fn versions_of_a_block_only_grow() {
    let world = ChatWorld::start().await;
    let (ana, bo): (UserId, UserId) = (world.clock.new_id(), world.clock.new_id());
    let store = &world.app.store;
    assert_eq!(blocks::set(store, ana, bo, false, world.now()).await.unwrap(), None, "there is none to end");
    let mut last = 0;
    for (is_blocked, later) in
        [(true, 0), (false, 0), (true, 0), (false, 40 * 24), (true, 0), (true, 1), (false, 0)]
    {
        let set = blocks::set(store, ana, bo, is_blocked, world.now()).await.unwrap().unwrap();
        assert_eq!(set.is_blocked(), is_blocked);
        assert!(set.version >= last, "{} after {last}", set.version);
        last = set.version;
        let listed = blocks::list(store, ana, world.now()).await.unwrap();
        assert_eq!(listed.len(), usize::from(is_blocked));
        let later = SignedDuration::from_hours(later);
        world.clock.advance(later.unsigned_abs());
    }
}
