//! The emulated services, some rows, and functions that reach all of the services or only some.

use emulator::{
    ConnectionInfo, OutboundFrame,
    bench::{self, TestCloud},
};
use entry::{App, Clock, Environment, LambdaFunction};
use lambda_runtime::Context;
use model::{
    LoginId, ParticipantId, Room, SessionId, SlideId, UserId,
    join_code::JoinCode,
    plan::Plan,
    presentation::SlideOrder,
    session::SessionStatus,
    slide::{AnswerContent, SlideContent, SlideType},
};
use protocol::{
    Job,
    job::{JobEnvelope, Queue},
};
use serde_json::{Value, json};
use store::{
    identity::log_ins::{self, Login},
    presentations::{self, Presentation, slides::Slide},
    realtime::connections::{self, Connection, ConnectionIdentity},
    sessions::{
        self, Session,
        participants::{self, Participant},
        responses::{self, SlideResponse},
    },
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub(crate) struct SessionsWorld {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) cloud: TestCloud,
}

/// A running session with three choice slides. The second one is the current slide.
pub(crate) struct LiveTalk {
    pub(crate) session: Session,
    pub(crate) slides: Vec<SlideId>,
}

/// The frames that a socket has received.
pub(crate) struct SentFrames(UnboundedReceiver<OutboundFrame>);

impl SentFrames {
    pub(crate) fn all(&mut self) -> Vec<OutboundFrame> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// Returns the frames, and whether the socket was closed.
    pub(crate) fn frames(&mut self) -> (Vec<Value>, bool) {
        let all = self.all();
        let is_closed = all.iter().any(|sent| matches!(sent, OutboundFrame::Close { .. }));
        let frames = all.into_iter().filter_map(|sent| match sent {
            OutboundFrame::Text(text) => serde_json::from_str(&text).ok(),
            OutboundFrame::Close { .. } => None,
        });
        (frames.collect(), is_closed)
    }
}

impl SessionsWorld {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let bench = TestCloud::start(move || time.millis(), None).await.unwrap();
        let app =
            App::start(&Environment::new(bench.function_environment(), clock.clone()), &[]).await.unwrap();
        Self { app, clock, cloud: bench }
    }

    pub(crate) fn environment(&self) -> Environment {
        self.environment_without(&[])
    }

    /// Returns an environment in which every post to a socket is refused.
    pub(crate) fn environment_without_sockets(&self) -> Environment {
        self.environment_without(&["SOCKET_ENDPOINT"])
    }

    /// Returns an environment in which posts to sockets are refused and frames cannot be queued either.
    pub(crate) fn environment_without_sockets_and_broadcast(&self) -> Environment {
        self.environment_without(&["SOCKET_ENDPOINT", Queue::Broadcast.env_var()])
    }

    /// Returns an environment in which the services of these settings are unreachable.
    pub(crate) fn environment_without(&self, settings: &[&str]) -> Environment {
        let mut variables = self.cloud.function_environment();
        variables
            .extend(settings.iter().map(|setting| ((*setting).to_owned(), self.cloud.unreachable_url())));
        Environment::new(variables, self.clock.clone())
    }

    pub(crate) async fn create_login(&self, user: UserId) -> LoginId {
        let now = self.clock.now();
        let login = Login {
            user,
            id: self.clock.new_id(),
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
        login.id
    }

    pub(crate) async fn start_talk(&self, owner: UserId, status: SessionStatus) -> LiveTalk {
        let now = self.clock.now();
        let mut draft = Presentation::new(self.clock.new_id(), owner, "Herons".into(), None, now);
        let options = ["a", "b"].map(|id| json!({ "id": id, "text": id }));
        let choice = json!({ "question": "Which?", "options": options });
        let content = SlideContent::parse(SlideType::QuestionChoice, &choice).unwrap();
        let slides: Vec<Slide> = (0..3)
            .map(|_| Slide {
                id: self.clock.new_id(),
                presentation: draft.id,
                content: content.clone(),
                created_at: now,
                updated_at: now,
                version: 1,
            })
            .collect();
        let ids: Vec<SlideId> = slides.iter().map(|slide| slide.id).collect();
        draft.slides = SlideOrder::new(ids.clone());
        let presentation = presentations::create(&self.app.store, draft, None, None, &slides)
            .await
            .unwrap()
            .applied()
            .unwrap();
        let code = JoinCode::generate(&mut rand::rng());
        let session = Session {
            status,
            current_slide: Some(ids[1]),
            started_at: Some(now),
            check_at: Some(now),
            ..Session::new(self.clock.new_id(), &presentation, Plan::Enterprise, code, now)
        };
        let created = sessions::create(&self.app.store, &session).await.unwrap();
        assert_eq!(created, sessions::SessionCreateOutcome::Created);
        LiveTalk { session, slides: ids }
    }

    pub(crate) async fn add_participant(&self, session: SessionId) -> ParticipantId {
        let now = self.clock.now();
        let participant = Participant {
            session,
            id: self.clock.new_id(),
            display_name: None,
            user: None,
            joined_at: now,
            removed_at: None,
        };
        participants::add(&self.app.store, &participant, None, now).await.unwrap();
        participant.id
    }

    /// Stores a vote that is a minute old.
    pub(crate) async fn store_vote(&self, session: SessionId, slide: SlideId) {
        let minute_ago = self.clock.millis() - 60_000;
        let response = SlideResponse {
            id: self.clock.new_id(),
            session,
            slide,
            participant: self.clock.new_id(),
            display_name: Some("Bo".into()),
            answer: AnswerContent::Selected(vec!["a".into()]),
            seq: None,
            received: minute_ago,
            stored: minute_ago,
            hidden: false,
            flagged: false,
        };
        responses::put(&self.app.store, &response).await.unwrap();
    }

    /// Opens a socket and stores its rows.
    pub(crate) async fn open_socket(&self, id: &str, identity: ConnectionIdentity) -> SentFrames {
        let (tx, rx) = unbounded_channel();
        let millis = self.clock.millis();
        let info = ConnectionInfo {
            connected_at_ms: millis,
            last_active_ms: millis,
            source_ip: "203.0.113.7".into(),
            user_agent: "tests".into(),
        };
        self.cloud.emulator.connections().register(id, info, tx);
        self.cloud.emulator.connections().open(id);
        let now = self.clock.now();
        let connection = Connection {
            id: id.into(),
            identity,
            display_name: None,
            connected_at: now,
            presents_since: identity.presented_session().map(|_| now),
        };
        connections::put(&self.app.store, &connection).await.unwrap();
        SentFrames(rx)
    }

    /// Delivers a message of a client to a function of the socket.
    pub(crate) async fn send_frame(
        &self,
        function: &LambdaFunction,
        connection: &str,
        kind: &str,
        payload: &Value,
    ) {
        let event = json!({
            "requestContext": {
                "eventType": "MESSAGE",
                "connectionId": connection,
                "routeKey": kind,
                "requestId": "r-1",
                "connectedAt": self.clock.millis(),
                "requestTimeEpoch": self.clock.millis(),
                "identity": {},
            },
            "body": json!({ "type": kind, "payload": payload }).to_string(),
        });
        let response = function.call(event, Context::default()).await.unwrap();
        assert_eq!(response["statusCode"], 200, "{kind}: {response}");
    }

    pub(crate) async fn room_size(&self, room: Room) -> usize {
        connections::list_in_room(&self.app.store, room, self.clock.now()).await.unwrap().len()
    }

    /// Delivers a job. Returns whether the function succeeded.
    pub(crate) async fn deliver<J: Job>(&self, function: &LambdaFunction, job: &J) -> bool {
        let payload = serde_json::to_value(job).unwrap();
        let envelope = JobEnvelope { job: J::NAME.into(), payload, at: self.clock.now(), request_id: None };
        let batch = bench::sqs_event([serde_json::to_string(&envelope).unwrap()]);
        let response = function.call(batch, Context::default()).await.unwrap();
        response["batchItemFailures"].as_array().unwrap().is_empty()
    }

    /// Returns the queued jobs of a type.
    pub(crate) fn queued_jobs<J: Job>(&self) -> Vec<J> {
        let bodies = J::QUEUES.iter().flat_map(|queue| self.cloud.queued_bodies(queue.env_var()).unwrap());
        let envelopes = bodies.map(|body| serde_json::from_str::<JobEnvelope>(&body).unwrap());
        envelopes
            .filter(|envelope| envelope.job == J::NAME)
            .map(|envelope| serde_json::from_value(envelope.payload).unwrap())
            .collect()
    }
}
