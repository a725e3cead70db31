//! The emulated services, some rows, and functions that reach all of the services or only some.

use std::ops::Deref;

use entry::{Environment, LambdaFunction};
use lambda_runtime::Context;
use model::{
    ParticipantId, SessionId, SlideId, UserId, join_code::JoinCode, plan::Plan, presentation::SlideOrder,
    session::SessionStatus,
};
use protocol::job::Queue;
use serde_json::{Value, json};
use store::{
    presentations::{self, Presentation, slides::Slide},
    sessions::{
        self, Session, participants,
        responses::{self, SlideResponse},
    },
};
use testkit::{TestApp, samples};

pub(crate) use testkit::SentFrames;

pub(crate) struct SessionsWorld {
    kit: TestApp,
}

impl Deref for SessionsWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

/// A running session with three choice slides. The second one is the current slide.
pub(crate) struct LiveTalk {
    pub(crate) session: Session,
    pub(crate) slides: Vec<SlideId>,
}

impl SessionsWorld {
    pub(crate) async fn start() -> Self {
        Self { kit: TestApp::start().await }
    }

    /// Returns an environment in which posts to sockets are refused and frames cannot be queued either.
    pub(crate) fn environment_without_sockets_and_broadcast(&self) -> Environment {
        self.environment_without(&["SOCKET_ENDPOINT", Queue::Broadcast.env_var()])
    }

    pub(crate) async fn start_talk(&self, owner: UserId, status: SessionStatus) -> LiveTalk {
        let now = self.now();
        let mut draft = Presentation::new(self.clock.new_id(), owner, "Herons".into(), None, now);
        let slides: Vec<Slide> = (0..3)
            .map(|_| samples::presentations::choice_slide(self.clock.new_id(), draft.id, now))
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
        let participant = samples::sessions::participant(session, self.clock.new_id(), self.now());
        participants::add(&self.app.store, &participant, None, self.now()).await.unwrap();
        participant.id
    }

    /// Stores a vote that is a minute old.
    pub(crate) async fn store_vote(&self, session: SessionId, slide: SlideId) {
        let minute_ago = self.clock.millis() - 60_000;
        let response = SlideResponse {
            display_name: Some("Bo".into()),
            ..samples::sessions::vote(session, slide, self.clock.new_id(), "a", minute_ago)
        };
        responses::put(&self.app.store, &response).await.unwrap();
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
}
