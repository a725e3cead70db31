//! Users and guests, with their presentations and sessions.

use local::LocalOptions;
use rand::RngExt;
use serde_json::{Value, json};

use super::{ApiClient, ClientSocket, World};

/// A logged-in account.
pub(crate) struct User {
    pub(crate) client: ApiClient,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) refresh_token: String,
    pub(crate) access_token: String,
}

pub(crate) struct Presentation {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) slides: Vec<Slide>,
}

/// A choice slide with the options `a`, `b` and `c`.
#[derive(Clone, Debug)]
pub(crate) struct Slide {
    pub(crate) id: String,
}

pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) code: String,
    presenter: ApiClient,
}

/// A participant of a session without an account.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) client: ApiClient,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) websocket_url: String,
    anonymous: ApiClient,
    code: String,
}

impl User {
    pub(crate) async fn register(world: &World, name: &str) -> Self {
        let number: u64 = rand::rng().random();
        Self::register_as(world, name, &format!("{name}-{number:016x}@example.com")).await
    }

    pub(crate) async fn register_as(world: &World, name: &str, email: &str) -> Self {
        let number: u64 = rand::rng().random();
        let email = email.to_owned();
        let password = format!("a heron over grey water {number:016x}");
        let body = json!({ "email": email, "password": password, "name": name });
        let visitor = world.anonymous();
        let account = visitor.post("/v1/auth/register", &body).await.ok(201);
        let text = |value: &Value| value.as_str().expect("a text in the response to a sign-up").to_owned();
        let access_token = text(&account["access_token"]);
        Self {
            client: visitor.with_token(&access_token).named(name),
            id: text(&account["user"]["id"]),
            name: name.to_owned(),
            refresh_token: text(&account["refresh_token"]),
            access_token,
            email,
            password,
        }
    }

    /// Logs the same account in on another device.
    pub(crate) async fn log_in(&self, world: &World) -> Self {
        let visitor = world.anonymous();
        let body = json!({ "email": self.email, "password": self.password });
        let tokens = visitor.post("/v1/auth/login", &body).await.ok(200);
        let access_token = tokens["access_token"].as_str().expect("an access token").to_owned();
        Self {
            client: visitor.with_token(&access_token).named(&self.name),
            id: self.id.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            password: self.password.clone(),
            refresh_token: tokens["refresh_token"].as_str().expect("a refresh token").to_owned(),
            access_token,
        }
    }

    /// Creates a presentation with this number of choice slides.
    pub(crate) async fn create_presentation(&self, slides: usize) -> Presentation {
        let made = self.client.post("/v1/presentations", &json!({ "title": "Herons" })).await.ok(201);
        let mut presentation = Presentation {
            id: made["id"].as_str().expect("an id").to_owned(),
            slug: made["slug"].as_str().expect("a slug").to_owned(),
            slides: Vec::new(),
        };
        for number in 1..=slides {
            let path = format!("/v1/presentations/{}/slides", presentation.id);
            let slide = self.client.post(&path, &choice_slide(number, false)).await.ok(201);
            presentation.slides.push(Slide { id: slide["id"].as_str().expect("an id").to_owned() });
        }
        presentation
    }

    /// Creates a session of a presentation and does not start it.
    pub(crate) async fn create_session(&self, presentation: &Presentation) -> Session {
        let body = json!({ "presentation_id": presentation.id });
        self.session_from(&self.client.post("/v1/sessions", &body).await.ok(201))
    }

    /// Reads the session from a response.
    pub(crate) fn session_from(&self, made: &Value) -> Session {
        Session {
            id: made["id"].as_str().expect("an id").to_owned(),
            code: made["join_code"].as_str().expect("a join code").to_owned(),
            presenter: self.client.clone(),
        }
    }

    /// Starts a session with this number of slides. The first slide is shown.
    pub(crate) async fn start_session(&self, slides: usize) -> (Presentation, Session) {
        let presentation = self.create_presentation(slides).await;
        let session = self.create_session(&presentation).await;
        session.transition("start").await;
        (presentation, session)
    }

    /// Opens the owner's socket and reads `session_state`.
    pub(crate) async fn connect_to_session(&self, session: &Session) -> ClientSocket {
        let mut socket = self.connect_to_session_unread(session).await;
        let state = socket.wait_for("session_state").await;
        assert_eq!(state["role"], "presenter", "{state}");
        socket
    }

    /// Opens the owner's socket and reads no frame.
    pub(crate) async fn connect_to_session_unread(&self, session: &Session) -> ClientSocket {
        let body = json!({ "session_id": session.id });
        let ticket = self.client.post("/v1/realtime/tickets", &body).await.ok(201);
        ClientSocket::open(ticket["websocket_url"].as_str().expect("a websocket_url")).await
    }
}

impl Session {
    /// Sends `start`, `pause`, `resume` or `end`.
    pub(crate) async fn transition(&self, step: &str) -> Value {
        self.presenter.post(&format!("/v1/sessions/{}/{step}", self.id), &json!({})).await.ok(200)
    }

    pub(crate) async fn show_slide(&self, slide: &Slide) -> Value {
        let body = json!({ "slide_id": slide.id });
        self.presenter.post(&format!("/v1/sessions/{}/slide", self.id), &body).await.ok(200)
    }

    /// Joins by the code, from a new client.
    pub(crate) async fn join(&self, world: &World, name: Option<&str>) -> Guest {
        self.join_from(world.anonymous(), name).await
    }

    pub(crate) async fn join_from(&self, client: ApiClient, name: Option<&str>) -> Guest {
        let body = name.map_or_else(|| json!({}), |name| json!({ "display_name": name }));
        let joined = client.post(&format!("/v1/sessions/code/{}/join", self.code), &body).await.ok(201);
        Guest::from_join_response(&client, &joined, &self.code)
    }

    /// Joins by the code, opens a socket and reads `session_state`.
    pub(crate) async fn join_and_connect(&self, world: &World, name: &str) -> (Guest, ClientSocket) {
        let guest = self.join(world, Some(name)).await;
        let mut socket = ClientSocket::open(&guest.websocket_url).await;
        let state = socket.wait_for("session_state").await;
        assert_eq!(
            (&state["participant_id"], &state["role"]),
            (&json!(guest.id), &json!("audience")),
            "{state}"
        );
        (guest, socket)
    }

    /// Returns the responses to a slide, as the presenter reads them.
    pub(crate) async fn responses_to_slide(&self, slide: &Slide) -> Value {
        let path = format!("/v1/responses/slide/{}?session_id={}&page_size=100", slide.id, self.id);
        self.presenter.get(&path).await.ok(200)
    }
}

impl Guest {
    fn from_join_response(visitor: &ApiClient, joined: &Value, code: &str) -> Self {
        let text = |field: &str| {
            joined[field].as_str().unwrap_or_else(|| panic!("no {field} in {joined}")).to_owned()
        };
        let token = text("participant_token");
        Self {
            client: visitor.with_token(&token).named(joined["display_name"].as_str().unwrap_or("a guest")),
            anonymous: visitor.clone(),
            id: text("participant_id"),
            websocket_url: text("websocket_url"),
            token,
            code: code.to_owned(),
        }
    }

    /// Joins again with the token, as a client does that lost its connection.
    pub(crate) async fn rejoin(&self) -> Self {
        let body = json!({ "participant_token": self.token });
        let joined = self.anonymous.post(&format!("/v1/sessions/code/{}/join", self.code), &body).await;
        Self::from_join_response(&self.anonymous, &joined.ok(201), &self.code)
    }

    /// Joins again, opens a socket and reads `session_state`.
    pub(crate) async fn reconnect(&self) -> (ClientSocket, Value) {
        let mut socket = ClientSocket::open(&self.rejoin().await.websocket_url).await;
        let state = socket.wait_for("session_state").await;
        (socket, state)
    }
}

/// Returns the body of a choice slide.
pub(crate) fn choice_slide(number: usize, multiple: bool) -> Value {
    let options = [("a", 0), ("b", 1), ("c", 2)];
    let options =
        options.map(|(id, order)| json!({ "id": id, "text": format!("Answer {id}"), "order": order }));
    json!({
        "type": "question_choice",
        "content": {
            "question": format!("Question {number}?"), "options": options, "allow_multiple": multiple, "show_results": true,
        },
    })
}

/// Returns the payload of a vote.
pub(crate) fn vote_payload(slide: &Slide, option: &str, seq: u64) -> Value {
    json!({ "slide_id": slide.id, "content": { "selected": [option] }, "seq": seq })
}

/// The address whose account is the first admin in [`World::with_admin`].
const FIRST_ADMIN: &str = "root@example.com";

impl World {
    /// Starts a local cloud with a first admin. New accounts have the given plan.
    pub(crate) async fn with_admin(story: &str, plan: &str) -> Option<(Self, User)> {
        let parameters = [("FirstAdminEmail", FIRST_ADMIN), ("DefaultPlan", plan)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options = LocalOptions { parameters, ..LocalOptions::default() };
        let world = Self::local_only_with(story, options).await?;
        let root = User::register_as(&world, "root", FIRST_ADMIN).await;
        Some((world, root))
    }
}
