use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures::future::join_all;
use local::{DataLocation, LocalCloud, LocalOptions};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::world::{
    ApiClient, ClientSocket, DEADLINE, Guest, Presentation, Session, Teammate, World, repository,
    users::{choice_slide, vote_payload},
};

/// Directory where the child of this test keeps its data. The process is a local cloud only if this variable is set.
const FOLDER_VARIABLE: &str = "COLLOQUY_KILLED_CLOUD";
const PORT_VARIABLE: &str = "COLLOQUY_KILLED_CLOUD_PORT";

/// Runs the cloud that the stories of this file kill, in a separate process. It is not a test. The test binary starts itself, so that no other binary has to be built or found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that a story starts and kills; it proves nothing alone"]
#[expect(clippy::disallowed_methods, reason = "a parent process configures its child by the environment")]
async fn child_process_of_the_story() {
    let (Ok(folder), Ok(port)) = (env::var(FOLDER_VARIABLE), env::var(PORT_VARIABLE)) else { return };
    let options = LocalOptions {
        data: DataLocation::Dir(Path::new(&folder).join("data")),
        port: port.parse().unwrap(),
        template: Some(repository().join("template.yaml")),
        ..LocalOptions::default()
    };
    let local = LocalCloud::start(options).await.unwrap();
    let url = Path::new(&folder).join("url");
    fs::write(url.with_extension("new"), local.url()).unwrap();
    fs::rename(url.with_extension("new"), &url).unwrap();
    std::future::pending::<()>().await;
}

/// A cloud with a data directory and a port that stay the same after each kill.
struct KilledCloud {
    folder: TempDir,
    port: u16,
    process: ChildProcess,
}

impl KilledCloud {
    async fn start() -> (Self, World) {
        let folder = tempfile::tempdir().unwrap();
        let (process, world) = ChildProcess::start(folder.path(), 0).await;
        let port = world.url().rsplit_once(':').unwrap().1.parse().unwrap();
        (Self { folder, port, process }, world)
    }

    fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the cloud again after a kill. Clients keep their URL.
    async fn restart(&mut self) {
        self.process = ChildProcess::start(self.folder.path(), self.port).await.0;
    }
}

/// A child process that is killed as if the machine lost power, also when the story fails.
struct ChildProcess(Child);

impl ChildProcess {
    async fn start(folder: &Path, port: u16) -> (Self, World) {
        let url = folder.join("url");
        let _ = fs::remove_file(&url);
        let child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "stories::a_killed_local_cloud_loses_nothing::child_process_of_the_story",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER_VARIABLE, folder)
            .env(PORT_VARIABLE, port.to_string())
            .env_remove("BASE_URL")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cloud = Self(child);
        let started = tokio::time::timeout(DEADLINE, async {
            while !url.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        started.await.expect("the cloud starts");
        let world = World::at_url(&fs::read_to_string(&url).unwrap());
        (cloud, world)
    }

    /// Sends SIGKILL. Nothing is flushed, and no client is notified.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_local_cloud_loses_nothing() {
    if World::local_only("killing the cloud").await.is_none() {
        return;
    }
    let (mut cloud, world) = KilledCloud::start().await;
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(2).await;
    let slide = &presentation.slides[1];
    session.show_slide(slide).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let mut guests = Vec::new();
    for number in 0..12 {
        guests.push(session.join_and_connect(&world, &format!("Guest {number}")).await);
    }

    // six votes are acknowledged over HTTP, four by the tally that the presenter receives, and two are in flight when
    // the cloud dies
    for (guest, _) in &guests[..6] {
        let mut body = vote_payload(slide, "a", 1);
        body["session_id"] = json!(session.id);
        guest.client.post("/v1/responses", &body).await.ok(201);
    }
    for (_, socket) in &mut guests[6..10] {
        socket.send("response_submitted", vote_payload(slide, "b", 1)).await;
    }
    presenter.wait_for_where("vote_update", |update| update["total_voters"] == 10).await;
    for (_, socket) in &mut guests[10..] {
        socket.send("response_submitted", vote_payload(slide, "c", 1)).await;
    }
    cloud.kill();
    presenter.wait_closed().await;

    cloud.restart().await;
    ana.client.get("/v1/auth/me").await.ok(200);
    let mut presenter = ana.connect_to_session(&session).await;
    let (mut held, mut back) = (0, Vec::new());
    for (number, (guest, _)) in guests.iter().enumerate() {
        let (mut socket, state): (ClientSocket, _) = guest.reconnect().await;
        assert_eq!((&state["status"], &state["current_slide"]["id"]), (&json!("active"), &json!(slide.id)));
        let option = if number < 6 { "a" } else { "b" };
        let own = &state["my_responses"][0]["content"];
        if number < 10 {
            assert_eq!(*own, json!({ "selected": [option] }), "guest {number} was acknowledged: {state}");
        } else if own.is_null() {
            // guests who reconnect send their unacknowledged votes again
            socket.send("response_submitted", vote_payload(slide, "c", 1)).await;
        } else {
            held += 1;
        }
        back.push(socket);
    }
    // one more vote, and all votes are counted, the old ones included
    let last = session.join(&world, None).await;
    let mut body = vote_payload(slide, "c", 1);
    body["session_id"] = json!(session.id);
    last.client.post("/v1/responses", &body).await.ok(201);
    let update = presenter.wait_for_where("vote_update", |update| update["total_voters"] == 13).await;
    assert_eq!(update["votes"], json!({ "a": 6, "b": 4, "c": 3 }), "{held} of the last two had been stored");
    session.transition("end").await;
    presenter.wait_for("session_ended").await;
}

/// The writes that each writer of a burst tries. A member may send 20 messages in ten seconds.
const WRITES_OF_A_WRITER: usize = 18;

/// Members, participants and a presenter who write concurrently while the cloud is killed.
struct BurstScene {
    authors: Vec<Teammate>,
    channel: String,
    presentation: Presentation,
    session: Session,
    guests: Vec<Guest>,
}

/// What the cloud has acknowledged to each writer.
struct AcknowledgedWrites {
    /// Author → number of messages.
    messages: Vec<usize>,
    /// Guest → number of votes, each of which replaces the one before.
    votes: Vec<usize>,
    /// The ids of the added slides, in order.
    slides: Vec<String>,
}

impl AcknowledgedWrites {
    fn count(&self) -> usize {
        self.messages.iter().sum::<usize>() + self.votes.iter().sum::<usize>() + self.slides.len()
    }
}

/// Returns the option of the n-th vote of a participant. Three consecutive votes have different options.
const fn option_of_vote(number: usize) -> &'static str {
    ["a", "b", "c"][number % 3]
}

impl BurstScene {
    async fn start(world: &World) -> Self {
        let mut authors = Vec::new();
        for name in ["ana", "bo", "cy"] {
            authors.push(world.teammate(name).await);
        }
        let channel = authors[0].create_channel_with(&[&authors[1], &authors[2]]).await;
        let (presentation, session) = authors[0].start_session(1).await;
        let guests = join_all((0..4).map(|_| session.join(world, None))).await;
        Self { authors, channel, presentation, session, guests }
    }

    fn message(&self, author: usize, number: usize) -> Value {
        let id = format!("{}-{number}", self.authors[author].username);
        json!({ "channel_id": self.channel, "content": format!("message {id}"), "client_msg_id": id })
    }

    fn vote(&self, number: usize) -> Value {
        let sequence = u64::try_from(number).unwrap() + 1;
        let mut body = vote_payload(&self.presentation.slides[0], option_of_vote(number), sequence);
        body["session_id"] = json!(self.session.id);
        body
    }

    fn slides_path(&self) -> String {
        format!("/v1/presentations/{}/slides", self.presentation.id)
    }

    /// Lets all writers write until the cloud is dead. `acknowledged` counts their writes.
    async fn write_until_killed(&self, acknowledged: &watch::Sender<usize>) -> AcknowledgedWrites {
        let messages = join_all(self.authors.iter().enumerate().map(|(author, who)| async move {
            let body = |number| self.message(author, number);
            write_in_sequence(&who.client, "/v1/messages", body, acknowledged).await.len()
        }));
        let votes = join_all(self.guests.iter().map(|guest| async move {
            let body = |number| self.vote(number);
            write_in_sequence(&guest.client, "/v1/responses", body, acknowledged).await.len()
        }));
        let path = self.slides_path();
        let slides = write_in_sequence(
            &self.authors[0].client,
            &path,
            |number| choice_slide(number, false),
            acknowledged,
        );
        let (messages, votes, slides) = tokio::join!(messages, votes, slides);
        let id = |slide: &Value| slide["id"].as_str().unwrap().to_owned();
        AcknowledgedWrites { messages, votes, slides: slides.iter().map(id).collect() }
    }

    /// Asserts that everything acknowledged is stored once and in order, and that counts agree with what they count.
    async fn assert_stored(&self, point: &str, acknowledged: &AcknowledgedWrites) {
        // authors send the message again that they have no response to
        for (author, sent) in acknowledged.messages.iter().enumerate() {
            let retried =
                self.authors[author].client.post("/v1/messages", &self.message(author, *sent)).await;
            assert!([200, 201].contains(&retried.status), "{point}: {}", retried.text);
        }
        let stored = self.authors[0].messages(&self.channel).await;
        let numbers: Vec<u64> = stored.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
        let expected: Vec<u64> = (1..).take(stored.len()).collect();
        assert_eq!(numbers, expected, "{point}: the numbers of the messages");
        for (author, sent) in acknowledged.messages.iter().enumerate() {
            let own = stored.iter().filter(|message| message["user_id"] == self.authors[author].id.as_str());
            let own: Vec<&Value> = own.map(|message| &message["content"]).collect();
            let expected: Vec<Value> =
                (0..=*sent).map(|number| self.message(author, number)["content"].clone()).collect();
            assert_eq!(own, expected.iter().collect::<Vec<_>>(), "{point}: the messages of author {author}");
        }

        let slide = &self.presentation.slides[0];
        let listed = self.session.responses_to_slide(slide).await;
        let responses = listed["items"].as_array().unwrap();
        let mut tally = json!({ "a": 0, "b": 0, "c": 0 });
        for (guest, sent) in self.guests.iter().zip(&acknowledged.votes) {
            let own: Vec<&str> = responses
                .iter()
                .filter(|response| response["participant_id"] == guest.id.as_str())
                .map(|response| response["content"]["selected"][0].as_str().unwrap())
                .collect();
            // the vote without a response may be stored
            let last = sent.checked_sub(1).map(option_of_vote);
            let is_valid = match own[..] {
                [] => last.is_none(),
                [option] => Some(option) == last || option == option_of_vote(*sent),
                _ => false,
            };
            assert!(is_valid, "{point}: {own:?} after {sent} acknowledged votes");
            // participants send the vote again that they have no response to, as they do with messages
            let retried = guest.client.post("/v1/responses", &self.vote(*sent)).await;
            assert!([200, 201].contains(&retried.status), "{point}: {}", retried.text);
            let option = option_of_vote(*sent);
            tally[option] = json!(tally[option].as_u64().unwrap() + 1);
        }
        let results = format!("/v1/sessions/{}/slides/{}/results", self.session.id, slide.id);
        let counted = |counted: &Value| counted["votes"]["votes"] == tally;
        self.authors[0].client.get_until(&results, counted).await;

        let listed = self.authors[0].client.get(&self.slides_path()).await.ok(200);
        let slides = listed["items"].as_array().unwrap();
        let added: Vec<&str> = slides[1..].iter().map(|slide| slide["id"].as_str().unwrap()).collect();
        assert_eq!(
            added[..acknowledged.slides.len()],
            acknowledged.slides,
            "{point}: the order of the slides"
        );
        // the slide without a response may be stored
        assert!(added.len() <= acknowledged.slides.len() + 1, "{point}: {listed}");
        for (index, slide) in slides.iter().enumerate() {
            assert_eq!(slide["order_index"], index, "{point}: {listed}");
        }
    }
}

/// Posts one body after another until the cloud is dead. Returns the acknowledged responses.
async fn write_in_sequence(
    client: &ApiClient,
    path: &str,
    body: impl Fn(usize) -> Value,
    acknowledged: &watch::Sender<usize>,
) -> Vec<Value> {
    let mut responses = Vec::new();
    for number in 0..WRITES_OF_A_WRITER {
        let Ok(response) = client.request(Method::POST, path).json(&body(number)).try_send().await else {
            break;
        };
        responses.push(response.ok(201));
        acknowledged.send_modify(|count| *count += 1);
    }
    responses
}

/// A moment of a burst, as the number of writes that the cloud has acknowledged.
struct KillPoint {
    name: &'static str,
    acknowledged: usize,
}

/// The cloud is killed several times. Each time it has also kept what it acknowledged before the earlier kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_during_a_burst_loses_no_acknowledged_write() {
    if World::local_only("killing the cloud during a burst").await.is_none() {
        return;
    }
    let (mut cloud, world) = KilledCloud::start().await;
    let mut earlier = Vec::new();
    for KillPoint { name, acknowledged } in [
        KillPoint { name: "after the first write", acknowledged: 1 },
        KillPoint { name: "early in the burst", acknowledged: 12 },
        KillPoint { name: "in the middle of the burst", acknowledged: 50 },
        KillPoint { name: "late in the burst", acknowledged: 90 },
    ] {
        let scene = BurstScene::start(&world).await;
        let (count, mut counted) = watch::channel(0);
        let kill = async {
            counted.wait_for(|count| *count >= acknowledged).await.expect("the burst is running");
            cloud.kill();
        };
        let (writes, ()) = tokio::join!(scene.write_until_killed(&count), kill);
        let possible = WRITES_OF_A_WRITER * (scene.authors.len() + scene.guests.len() + 1);
        assert!(
            (acknowledged..possible).contains(&writes.count()),
            "{name}: {} of {possible} writes were acknowledged",
            writes.count()
        );
        cloud.restart().await;
        scene.assert_stored(name, &writes).await;
        earlier.push((name, scene));
    }
    // the retried messages, and the numbers without gaps, also survive the later kills
    for (name, scene) in &earlier {
        let stored = scene.authors[0].messages(&scene.channel).await;
        let numbers: Vec<u64> = stored.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{name}: {numbers:?}");
    }
}

/// Work that a job does after the response.
#[derive(Clone, Copy, Debug)]
enum QueuedWork {
    NotifyMention,
    IndexMessage,
    CountVote,
    RenameMember,
}

/// The cloud is killed as soon as it has acknowledged the write, and the job runs after the restart, if it has not run before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_before_a_job_loses_no_job() {
    if World::local_only("killing the cloud before its jobs").await.is_none() {
        return;
    }
    let (mut cloud, world) = KilledCloud::start().await;
    for work in
        [QueuedWork::NotifyMention, QueuedWork::IndexMessage, QueuedWork::CountVote, QueuedWork::RenameMember]
    {
        let scene = BurstScene::start(&world).await;
        let [ana, bo, _] = &scene.authors[..] else { panic!("three authors") };
        let stork = format!("stork{}", &scene.channel[..8]);
        // where the result of the job is read
        let (path, pointer, expected) = match work {
            QueuedWork::NotifyMention => {
                let sent = ana.send_message(&scene.channel, &format!("hello @{}", bo.username)).await;
                ("/v1/messages/mentions/my".to_owned(), "/items/0/id", sent["id"].clone())
            }
            QueuedWork::IndexMessage => {
                let sent = ana.send_message(&scene.channel, &format!("a {stork}")).await;
                (format!("/v1/messages/search?q={stork}"), "/items/0/id", sent["id"].clone())
            }
            QueuedWork::CountVote => {
                scene.guests[0].client.post("/v1/responses", &scene.vote(0)).await.ok(201);
                let slide = &scene.presentation.slides[0].id;
                let path = format!("/v1/sessions/{}/slides/{slide}/results", scene.session.id);
                (path, "/votes/votes/a", json!(1))
            }
            QueuedWork::RenameMember => {
                ana.client.patch("/v1/users/me", &json!({ "name": stork })).await.ok(200);
                (format!("/v1/channels/{}", scene.channel), "/members/0/name", json!(stork))
            }
        };
        cloud.kill();
        cloud.restart().await;
        // votes are read by their presenter, and the rest by another member
        let reader = if matches!(work, QueuedWork::CountVote) { ana } else { bo };
        reader.client.get_until(&path, |body| body.pointer(pointer) == Some(&expected)).await;
    }
}
