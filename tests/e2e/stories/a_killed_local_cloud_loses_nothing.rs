use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use local::{DataLocation, LocalCloud, LocalOptions};
use serde_json::json;

use crate::world::{ClientSocket, DEADLINE, World, repository, users::vote_payload};

/// Directory where the child of this test keeps its data. The process is a local cloud only if this variable is set.
const FOLDER_VARIABLE: &str = "COLLOQUY_KILLED_CLOUD";
const PORT_VARIABLE: &str = "COLLOQUY_KILLED_CLOUD_PORT";

/// Runs the cloud that [`a_killed_local_cloud_loses_nothing`] kills, in a separate process. It is not a test. The test
/// binary starts itself, so that no other binary has to be built or found.
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
    let folder = tempfile::tempdir().unwrap();
    let (mut cloud, world) = ChildProcess::start(folder.path(), 0).await;
    let port = world.url().rsplit_once(':').unwrap().1.parse().unwrap();
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

    let (_cloud, world) = ChildProcess::start(folder.path(), port).await;
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
