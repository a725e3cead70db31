//! Sockets of participants who were removed.

use std::time::Duration;

use entry::{Environment, tokens::AccessToken};
use futures::future::join_all;
use model::{ParticipantId, Room, SessionId, UserId, session::SessionStatus};
use protocol::job::{ConnectionOpened, ConnectionsEnded, CountPresence, FinishRemoval, OpenedReason};
use serde_json::json;
use store::{
    platform::due::{self, DueWork},
    realtime::connections::{self, ConnectionIdentity},
    sessions::{due::SessionsDueWork, participants, responses},
};
use testkit::{FunctionClient, OutboundFrame, SweepFault, TestRequest, sweep_calls};

use crate::world::{LiveTalk, SentFrames, SessionsWorld};

/// A talk, its presenter and a client of `api-sessions`.
struct Presenting {
    talk: LiveTalk,
    client: FunctionClient,
}

async fn api_client(environment: Environment) -> FunctionClient {
    FunctionClient::new(sessions::api(environment).await.unwrap())
}

impl Presenting {
    async fn start(world: &SessionsWorld) -> Self {
        let user: UserId = world.clock.new_id();
        let talk = world.start_talk(user, SessionStatus::Active).await;
        Self { talk, client: api_client(world.environment()).await }
    }

    /// Starts a function that makes one attempt of each call.
    async fn start_without_retries(world: &SessionsWorld) -> Self {
        let mut variables = world.cloud.function_environment();
        variables.insert("AWS_MAX_ATTEMPTS".into(), "1".into());
        let client = api_client(Environment::new(variables, world.clock.clone())).await;
        Self { client, ..Self::start(world).await }
    }

    /// Returns the request that removes a participant, on a new log-in, because the clock of the test advances.
    async fn removal(&self, world: &SessionsWorld, participant: ParticipantId) -> TestRequest {
        let user = self.talk.session.owner;
        let login = world.create_login(user).await;
        let token = world.app.tokens.sign(&AccessToken { user, login }, world.clock.now()).await.unwrap();
        let path = format!("/v1/sessions/{}/participants/{participant}", self.talk.session.id);
        self.client.request("DELETE", &path).bearer(&token)
    }
}

impl SessionsWorld {
    /// Opens sockets of one participant, as if there were no limit.
    async fn open_sockets(
        &self,
        session: SessionId,
        participant: ParticipantId,
        most: usize,
    ) -> Vec<SentFrames> {
        let identity = ConnectionIdentity::Participant { participant, session, by: None };
        let ids: Vec<String> = (0..most).map(|number| format!("{participant}{number}=")).collect();
        let mut sockets = Vec::new();
        for ids in ids.chunks(50) {
            sockets.extend(join_all(ids.iter().map(|id| Box::pin(self.open_socket(id, identity)))).await);
        }
        sockets
    }

    async fn connections_of(&self, session: SessionId, participant: ParticipantId) -> usize {
        let room = Room::Session(session);
        let now = self.clock.now();
        connections::list_by_holder(&self.app.store, room, participant.uuid(), now).await.unwrap().len()
    }

    /// The removals that are due a minute from now.
    async fn due_removals(&self) -> Vec<FinishRemoval> {
        let later = self.clock.now() + jiff::SignedDuration::from_secs(61);
        let (due, _) = due::list_due(&self.app.store, 100, None, later).await.unwrap();
        let removals = due.iter().filter_map(|item| match item.work().unwrap() {
            DueWork::Sessions(SessionsDueWork::RemovedParticipant(session, participant)) => {
                Some(FinishRemoval { session, participant })
            }
            _ => None,
        });
        removals.collect()
    }
}

fn is_closed(sent: &[OutboundFrame]) -> bool {
    let has_reason =
        sent.iter().any(|frame| matches!(frame, OutboundFrame::Text(text) if text.contains("removed")));
    has_reason && sent.iter().any(|frame| matches!(frame, OutboundFrame::Close { .. }))
}

/// The function that removes a participant dies at any of its calls. If it has removed the participant, the clock has the sockets
/// closed, and the presenter need not repeat the request.
#[tokio::test]
async fn a_removal_is_completed_after_a_crash_at_any_call() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let presenting = Presenting::start(&world).await;
    let session = presenting.talk.session.id;
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let participant = world.add_participant(session).await;
        let mut sockets = world.open_sockets(session, participant, 3).await;
        let removal = presenting.removal(&world, participant).await;
        let answer = probe.run(&world.cloud, removal.send()).await;
        assert_eq!(answer.is_none(), probe.disturbance().is_some());
        let now = world.clock.now();
        let found = participants::get(&world.app.store, session, participant, now).await.unwrap().unwrap();
        if found.removed_at.is_none() {
            assert!(answer.is_none());
            assert_eq!(world.connections_of(session, participant).await, 3, "nothing has happened");
            return;
        }
        let due = world.due_removals().await;
        if answer.is_some() {
            assert_eq!(due, [], "a removal that is done is not due");
        }
        world.clock.advance(Duration::from_secs(61));
        for job in &due {
            assert_eq!(*job, FinishRemoval { session, participant });
            // twice, because a queue may deliver a job twice
            for _ in 0..2 {
                assert!(world.deliver(&worker, job).await);
            }
            assert!(!world.queued_jobs::<CountPresence>().is_empty());
        }
        assert_eq!(world.connections_of(session, participant).await, 0);
        for socket in &mut sockets {
            assert!(is_closed(&socket.all()));
        }
        assert_eq!(world.due_removals().await, []);
    })
    .await;
    assert!(report.calls > 10, "{report:?}");
}

/// No half removal is left if a call fails for good or its response is lost.
#[tokio::test]
async fn a_removal_is_completed_after_a_failure_at_any_call() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let presenting = Presenting::start_without_retries(&world).await;
    let session = presenting.talk.session.id;
    let faults = [SweepFault::Throttle, SweepFault::InternalError, SweepFault::LoseResponse];
    sweep_calls(&faults, async |probe| {
        let participant = world.add_participant(session).await;
        let mut sockets = world.open_sockets(session, participant, 2).await;
        let removal = presenting.removal(&world, participant).await;
        let answer = probe.run(&world.cloud, removal.send()).await.unwrap();
        assert!(answer.status == 204 || answer.status == 503, "{answer:?}");
        let now = world.clock.now();
        let found = participants::get(&world.app.store, session, participant, now).await.unwrap().unwrap();
        if found.removed_at.is_none() {
            assert_eq!(answer.status, 503);
            return;
        }
        world.clock.advance(Duration::from_secs(61));
        for job in world.due_removals().await {
            assert!(world.deliver(&worker, &job).await);
        }
        assert_eq!(world.connections_of(session, participant).await, 0);
        for socket in &mut sockets {
            assert!(is_closed(&socket.all()));
        }
        assert_eq!(world.due_removals().await, []);
    })
    .await;
}

/// Sockets from before the limit of sockets. None stays, none votes, and the presenter learns of one departure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_participant_with_900_sockets_is_removed() {
    let world = SessionsWorld::start().await;
    let presenting = Presenting::start(&world).await;
    let LiveTalk { session, slides } = &presenting.talk;
    let session = session.id;
    let participant = world.add_participant(session).await;
    let mut sockets = world.open_sockets(session, participant, 900).await;
    let voter = sessions::socket(world.environment()).await.unwrap();
    let vote = json!({ "slide_id": slides[1], "content": { "selected": ["a"] } });
    let last = format!("{participant}899=");
    world.send_frame(&voter, &last, "response_submitted", &vote).await;
    let stored = || async {
        let now = world.clock.now();
        responses::get(&world.app.store, session, slides[1], participant, now).await.unwrap()
    };
    let before = stored().await.expect("a participant votes");

    let removal = presenting.removal(&world, participant).await;
    let started = std::time::Instant::now();
    removal.send().await.ok(204);
    println!("900 sockets were closed in {:?}", started.elapsed());
    assert_eq!(world.connections_of(session, participant).await, 0);
    assert_eq!(world.due_removals().await, []);
    assert!(sockets.iter_mut().all(|socket| is_closed(&socket.all())));
    let departures = world.queued_jobs::<ConnectionsEnded>();
    assert_eq!(departures.iter().map(|ended| ended.connections.len()).collect::<Vec<_>>(), [900]);

    // The instance remembers the connection, but at most half a second that no participant was removed.
    world.clock.advance(Duration::from_millis(501));
    let vote = json!({ "slide_id": slides[1], "content": { "selected": ["b"] } });
    world.send_frame(&voter, &last, "response_submitted", &vote).await;
    assert_eq!(stored().await, Some(before));
}

/// The function that removed a participant died before it closed the sockets. Every message of them is refused.
#[tokio::test]
async fn every_frame_of_a_removed_participant_is_refused() {
    let world = SessionsWorld::start().await;
    let presenting = Presenting::start(&world).await;
    let LiveTalk { session, slides } = &presenting.talk;
    let session = session.id;
    let socket = sessions::socket(world.environment()).await.unwrap();
    let vote = json!({ "slide_id": slides[1], "content": { "selected": ["a"] } });
    let question = json!({ "question_text": "Why do herons stand on one leg?" });
    let upvote = json!({ "question_id": world.clock.new_id::<model::QuestionId>() });
    let name = json!({ "display_name": "Renamed" });
    for (kind, payload) in [
        ("response_submitted", &vote),
        ("submit_response", &vote),
        ("question_asked", &question),
        ("ask_question", &question),
        ("upvote_question", &upvote),
        ("join", &name),
    ] {
        let participant = world.add_participant(session).await;
        let identity = ConnectionIdentity::Participant { participant, session, by: None };
        let id = format!("{kind}=");
        let mut sent = world.open_socket(&id, identity).await;
        // the instance remembers the connection
        world.send_frame(&socket, &id, "upvote_question", &upvote).await;
        sent.all();
        participants::remove(&world.app.store, session, participant, world.clock.now()).await.unwrap();
        world.clock.advance(Duration::from_millis(501));
        world.send_frame(&socket, &id, kind, payload).await;
        let (frames, is_closed) = sent.frames();
        assert_eq!((frames.len(), is_closed), (1, true), "{kind}: {frames:?}");
        assert_eq!(frames[0]["payload"]["code"], "removed", "{kind}");
        let now = world.clock.now();
        let found = participants::get(&world.app.store, session, participant, now).await.unwrap().unwrap();
        assert_eq!(found.display_name, None, "{kind}");
    }
    let list =
        responses::list_by_slide(&world.app.store, session, slides[1], world.clock.now()).await.unwrap();
    assert!(list.is_empty(), "{list:?}");
}

#[tokio::test]
async fn a_removed_participant_is_not_renamed() {
    let world = SessionsWorld::start().await;
    let presenting = Presenting::start(&world).await;
    let session = &presenting.talk.session;
    let join = format!("/v1/sessions/code/{}/join", session.join_code);
    let body = json!({ "display_name": "Bo" });
    let bo = presenting.client.request("POST", &join).json(&body).send().await.ok(201);
    let id: ParticipantId = bo["participant_id"].as_str().unwrap().parse().unwrap();
    presenting.removal(&world, id).await.send().await.ok(204);
    let body = json!({ "display_name": "RENAMED", "participant_token": bo["participant_token"] });
    presenting.client.request("POST", &join).json(&body).send().await.refused(403, "REMOVED");
    let now = world.clock.now();
    let found = participants::get(&world.app.store, session.id, id, now).await.unwrap().unwrap();
    assert_eq!(found.display_name.as_deref(), Some("Bo"));
}

/// A function that removes a participant cannot close a socket that is still opening, and it may die before it closes
/// the others. The job that sends the session state closes them.
#[tokio::test]
async fn sending_session_state_closes_sockets_of_removed_participants() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
    let bo = world.add_participant(session).await;
    let cy = world.add_participant(session).await;
    let identity = |participant| ConnectionIdentity::Participant { participant, session, by: None };
    let mut removed = world.open_socket("removed=", identity(bo)).await;
    let mut stays = world.open_socket("stays=", identity(cy)).await;
    participants::remove(&world.app.store, session, bo, world.clock.now()).await.unwrap();
    for (connection, participant) in [("removed=", bo), ("stays=", cy)] {
        let identity = identity(participant);
        let opened = ConnectionOpened { connection: connection.into(), identity, reason: OpenedReason::New };
        assert!(world.deliver(&worker, &opened).await, "{connection}");
    }
    let (frames, is_closed) = removed.frames();
    assert_eq!((frames.len(), is_closed), (1, true), "{frames:?}");
    assert_eq!(frames[0]["payload"]["code"], "removed");
    let (frames, is_closed) = stays.frames();
    assert_eq!((frames[0]["type"].as_str(), is_closed), (Some("session_state"), false));
    assert_eq!(world.room_size(Room::Session(session)).await, 1);
}
