//! The services, some rows, and doors to which all of them or some are in reach.

use std::{collections::BTreeMap, sync::Arc};

use cloud::{Cloud, ConnectionInfo, Data, Options, Outbound, QueueSpec, TableSpec};
use entry::{App, Clock, Door, Environment};
use lambda_runtime::Context;
use model::{
    LoginId, Room, SessionId, SlideId, UserId,
    join_code::JoinCode,
    presentation::Order,
    session::{SessionKind, Status},
    slide::{Answer, Content, SlideType},
};
use protocol::{
    Job,
    job::{Posted, Queue},
};
use serde_json::{Value, json};
use store::{
    connections::{self, Connection, Identity},
    logins::{self, Login},
    presentations::{self, Presentation},
    responses::{self, Response},
    sessions::{self, Session},
    slides::Slide,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const QUEUES: [(Queue, &str); 4] = [
    (Queue::Sessions, "sessions"),
    (Queue::Ticks, "ticks.fifo"),
    (Queue::Broadcast, "broadcast"),
    (Queue::Mail, "mail"),
];

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    cloud: Cloud,
    variables: BTreeMap<String, String>,
}

/// A session that is on, of three choice slides; the second is shown.
pub(crate) struct Talk {
    pub(crate) session: Session,
    pub(crate) slides: Vec<SlideId>,
}

/// What a socket was sent.
pub(crate) struct Heard(UnboundedReceiver<Outbound>);

impl Heard {
    pub(crate) fn all(&mut self) -> Vec<Outbound> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// The frames, and whether it was closed.
    pub(crate) fn frames(&mut self) -> (Vec<Value>, bool) {
        let all = self.all();
        let is_closed = all.iter().any(|sent| matches!(sent, Outbound::Close { .. }));
        let frames = all.into_iter().filter_map(|sent| match sent {
            Outbound::Text(text) => serde_json::from_str(&text).ok(),
            Outbound::Close { .. } => None,
        });
        (frames.collect(), is_closed)
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Clock::system();
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../../../template.yaml")).unwrap();
        let definition = serde_json::to_value(&template["Resources"]["Table"]["Properties"]).unwrap();
        let queue =
            |name: &str| QueueSpec { name: name.into(), fifo: name == "ticks.fifo", ..QueueSpec::default() };
        let time = clock.clone();
        let cloud = Cloud::start(Options {
            now: Arc::new(move || time.millis()),
            data: Data::Memory,
            port: 0,
            tables: vec![TableSpec { name: "table".into(), definition }],
            queues: QUEUES.map(|(_, name)| queue(name)).into(),
            chaos: None,
            access: cloud::Access::default(),
        })
        .await
        .unwrap();
        let mut variables = cloud.variables();
        for (queue, name) in QUEUES {
            variables.insert(queue.setting().into(), cloud.queues().url(name));
        }
        for (setting, value) in [
            ("TABLE", "table"),
            ("SIGNING_SECRET", "a-secret-of-tests-with-more-than-32-characters"),
            ("PUBLIC_URL", "https://colloquy.example"),
            ("SOCKET_URL", "wss://socket.example"),
            ("SOCKET_ENDPOINT", &cloud.socket_endpoint()),
        ] {
            variables.insert(setting.into(), value.into());
        }
        let app = App::start(&Environment::of(variables.clone(), clock.clone()), &[]).await.unwrap();
        Self { app, clock, cloud, variables }
    }

    pub(crate) fn environment(&self) -> Environment {
        Environment::of(self.variables.clone(), self.clock.clone())
    }

    /// Whatever is posted to a socket is refused.
    pub(crate) fn mute(&self) -> Environment {
        let mut variables = self.variables.clone();
        variables.insert("SOCKET_ENDPOINT".into(), format!("{}/elsewhere", self.cloud.url()));
        Environment::of(variables, self.clock.clone())
    }

    /// And nothing can be handed over either.
    pub(crate) fn mute_and_alone(&self) -> Environment {
        let mut variables = self.variables.clone();
        variables.insert("SOCKET_ENDPOINT".into(), format!("{}/elsewhere", self.cloud.url()));
        variables.insert(Queue::Broadcast.setting().into(), self.cloud.queues().url("nowhere"));
        Environment::of(variables, self.clock.clone())
    }

    pub(crate) async fn login(&self, user: UserId) -> LoginId {
        let now = self.clock.now();
        let login = Login {
            user,
            id: self.clock.id(),
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: now + jiff::SignedDuration::from_hours(1),
            user_agent: None,
            ip: None,
            ended_at: None,
        };
        logins::create(&self.app.store, &login).await.unwrap();
        login.id
    }

    pub(crate) async fn talk(&self, owner: UserId, status: Status) -> Talk {
        let now = self.clock.now();
        let mut draft = Presentation::new(self.clock.id(), owner, "Herons".into(), None, now);
        let options = ["a", "b"].map(|id| json!({ "id": id, "text": id }));
        let choice = json!({ "question": "Which?", "options": options });
        let content = Content::parse(SlideType::QuestionChoice, &choice).unwrap();
        let slides: Vec<Slide> = (0..3)
            .map(|_| Slide {
                id: self.clock.id(),
                presentation: draft.id,
                content: content.clone(),
                created_at: now,
                updated_at: now,
            })
            .collect();
        let ids: Vec<SlideId> = slides.iter().map(|slide| slide.id).collect();
        draft.slides = Order::of(ids.clone());
        let presentation = presentations::create(&self.app.store, draft, None, None, &slides).await.unwrap();
        let session = Session {
            id: self.clock.id(),
            kind: SessionKind::Presentation,
            owner,
            presentation: presentation.id,
            presentation_title: presentation.title,
            presentation_slug: presentation.slug.to_string(),
            join_code: JoinCode::typed("K7M2QX").unwrap(),
            status,
            version: 1,
            current_slide: Some(ids[1]),
            created_at: now,
            started_at: Some(now),
            ended_at: None,
            end_reason: None,
            check_at: Some(now),
        };
        sessions::create(&self.app.store, &session).await.unwrap();
        Talk { session, slides: ids }
    }

    /// A vote that was stored some time ago.
    pub(crate) async fn vote(&self, session: SessionId, slide: SlideId) {
        let minute_ago = self.clock.millis() - 60_000;
        let response = Response {
            id: self.clock.id(),
            session,
            slide,
            participant: self.clock.id(),
            display_name: Some("Bo".into()),
            answer: Answer::Selected(vec!["a".into()]),
            seq: None,
            received: minute_ago,
            stored: minute_ago,
        };
        responses::put(&self.app.store, &response).await.unwrap();
    }

    /// An open socket, with its rows.
    pub(crate) async fn socket(&self, id: &str, identity: Identity) -> Heard {
        let (tx, rx) = unbounded_channel();
        let millis = self.clock.millis();
        let info = ConnectionInfo {
            connected_at_ms: millis,
            last_active_ms: millis,
            source_ip: "203.0.113.7".into(),
            user_agent: "tests".into(),
        };
        self.cloud.connections().register(id, info, tx);
        self.cloud.connections().open(id);
        let now = self.clock.now();
        let connection = Connection {
            id: id.into(),
            identity,
            display_name: None,
            connected_at: now,
            presents_since: identity.presents().map(|_| now),
        };
        connections::open(&self.app.store, &connection).await.unwrap();
        Heard(rx)
    }

    pub(crate) async fn in_room(&self, room: Room) -> usize {
        connections::in_room(&self.app.store, room, self.clock.now()).await.unwrap().len()
    }

    /// Delivers a job; says whether it was done.
    pub(crate) async fn deliver<J: Job>(&self, door: &Door, job: &J) -> bool {
        let payload = serde_json::to_value(job).unwrap();
        let posted = Posted { job: J::NAME.into(), payload, at: self.clock.now() };
        let record = json!({
            "messageId": "message",
            "receiptHandle": "handle",
            "body": serde_json::to_string(&posted).unwrap(),
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "awsRegion": "us-east-1",
        });
        let answer = door.call(json!({ "Records": [record] }), Context::default()).await.unwrap();
        answer["batchItemFailures"].as_array().unwrap().is_empty()
    }

    /// The jobs of a sort that wait.
    pub(crate) fn jobs<J: Job>(&self) -> Vec<J> {
        let (_, name) = QUEUES.into_iter().find(|(queue, _)| *queue == J::QUEUE).unwrap();
        let waiting = self.cloud.queues().peek(name);
        let posted = waiting.iter().map(|message| serde_json::from_str::<Posted>(&message.body).unwrap());
        posted
            .filter(|posted| posted.job == J::NAME)
            .map(|posted| serde_json::from_value(posted.payload).unwrap())
            .collect()
    }
}
