//! Calls every operation of the OpenAPI document without an account, as a stranger with an account, as an admin, as a participant
//! of the owner's session and as the owner (RELIABILITY 15). An operation without a row fails, and so does a row without an
//! operation. To the data of other accounts an admin is a stranger: the role permits only the admin operations.
//!
//! Each domain has its rows and request bodies in its own file.

mod admin;
mod chat;
mod docs;
mod identity;
pub(super) mod images;
mod presentations;
mod questions;
mod sessions;

use std::collections::BTreeSet;

use local::LocalOptions;
use reqwest::Method;
use serde_json::Value;

use crate::world::{ApiClient, ApiRequest, Guest, Presentation, Session, User, World};

const DOMAINS: &[RouteDomain] = &[
    docs::DOMAIN,
    identity::DOMAIN,
    admin::DOMAIN,
    images::DOMAIN,
    presentations::DOMAIN,
    sessions::DOMAIN,
    questions::DOMAIN,
    chat::DOMAIN,
];

/// Operation → status for a caller without an account, the stranger, the admin, the participant and the owner. They call in
/// this order, because the owner may delete. The session is running. It can be paused and ended, but neither started nor
/// resumed.
type RouteRow = (&'static str, [u16; 5]);

struct RouteDomain {
    rows: &'static [RouteRow],
    /// Returns a valid body for an operation of the domain.
    body: fn(&RouteScene, operation: &str) -> Option<RequestBody>,
    /// Returns the value of a parameter in a path of the domain.
    parameter: for<'s> fn(&'s RouteScene, template: &str, name: &str) -> Option<&'s str>,
}

fn rows() -> impl Iterator<Item = &'static RouteRow> {
    DOMAINS.iter().flat_map(|subject| subject.rows)
}

/// The account with this address is an admin (`FIRST_ADMIN_EMAIL`).
pub(crate) const ADMIN_EMAIL: &str = "admin@example.com";

/// The body of a request.
pub(crate) enum RequestBody {
    Json(Value),
    File(Vec<u8>),
}

/// The accounts and data that the operations work on.
pub(crate) struct RouteScene {
    pub(crate) owner: User,
    pub(super) stranger: User,
    pub(crate) admin: User,
    pub(crate) guest: Guest,
    pub(crate) presentation: Presentation,
    /// Running: it can be paused and ended, but neither started nor resumed.
    pub(crate) session: Session,
    /// A second log-in of the owner.
    pub(super) login: String,
    /// The file name of an image of the owner.
    pub(super) image: String,
    /// A slide whose text a model was asked to write.
    conclusion: String,
    /// A question of the guest.
    question: String,
    /// A response of the guest.
    response: String,
    pub(crate) chat: chat::ChatScene,
}

impl RouteScene {
    /// Creates a scene with accounts of its own, because an operation may delete what it works on.
    pub(crate) async fn create(world: &World, admin: &User, member: &User) -> Self {
        let (owner, stranger, admin) = tokio::join!(
            chat::teammate(world, "owner"),
            chat::teammate(world, "stranger"),
            admin.log_in(world)
        );
        let channel = format!("herons-{:016x}", rand::random::<u64>());
        Self::create_for(world, [owner, stranger, admin], member, &channel).await
    }

    /// Creates a scene for an admin, with a new member beside the owner in the channel.
    pub(super) async fn create_with_member(world: &World, admin: &User) -> Self {
        chat::choose_user_name(admin).await;
        let member = chat::teammate(world, "member").await;
        Self::create(world, admin, &member).await
    }

    /// Creates a scene for an owner, a stranger and an admin, with a member beside the owner in the channel.
    pub(super) async fn create_for(
        world: &World,
        [owner, stranger, admin]: [User; 3],
        member: &User,
        channel: &str,
    ) -> Self {
        let (mut presentation, session) = owner.start_session(2).await;
        let guest = session.join(world, Some("Bo")).await;
        Self {
            login: identity::second_login(world, &owner).await,
            image: images::upload_image(&owner).await,
            conclusion: sessions::request_generation(&owner, &mut presentation, &session).await,
            question: questions::ask_question(&guest, &session).await,
            response: sessions::submit_response(&guest, &presentation, &session).await,
            chat: chat::ChatScene::create(&owner, &stranger, member, channel).await,
            owner,
            stranger,
            admin,
            guest,
            presentation,
            session,
        }
    }

    /// Replaces the parameters of a path and adds the query that the operation requires.
    pub(super) fn path(&self, template: &str) -> String {
        self.path_with(template, |_, value| value.to_owned())
    }

    /// Does the same and lets the caller change the value of a parameter, by its name.
    pub(crate) fn path_with(&self, template: &str, change: impl Fn(&str, &str) -> String) -> String {
        let mut path = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("a parameter ends");
            let value = DOMAINS.iter().find_map(|subject| (subject.parameter)(self, template, name));
            let value =
                value.unwrap_or_else(|| panic!("{template} has a parameter that this test does not know"));
            path = format!("{path}{before}{}", change(name, value));
            rest = after;
        }
        path.push_str(rest);
        match path.as_str() {
            "/v1/messages/search" => format!("{path}?q=herons"),
            "/v1/notifications/unsubscribe" => format!("{path}?token=none"),
            responses if responses.starts_with("/v1/responses/slide/") => {
                format!("{path}?session_id={}", self.session.id)
            }
            _ => path,
        }
    }

    /// Returns a valid body for an operation.
    pub(crate) fn request_body(&self, operation: &str) -> Option<RequestBody> {
        DOMAINS.iter().find_map(|subject| (subject.body)(self, operation))
    }
}

/// Returns a caller that may call an operation.
pub(super) fn find_allowed_caller(scene: &RouteScene, world: &World, operation: &str) -> ApiClient {
    let statuses = rows().find(|(known, _)| *known == operation).map(|(_, statuses)| *statuses);
    let statuses = statuses.unwrap_or_else(|| panic!("{operation} has no row"));
    let callers = [
        &world.anonymous(),
        &scene.stranger.client,
        &scene.admin.client,
        &scene.guest.client,
        &scene.owner.client,
    ]
    .map(Clone::clone);
    // the owner first: an admin has no more rights on the data of others than a stranger
    let [anonymous, stranger, admin, guest, owner] = callers;
    let by_preference =
        [(statuses[4], owner), (statuses[3], guest), (statuses[2], admin), (statuses[1], stranger)];
    let allowed = by_preference.into_iter().find(|(status, _)| ![401, 403, 404].contains(status));
    allowed.map_or(anonymous, |(_, caller)| caller)
}

pub(crate) fn with_body(request: ApiRequest, body: Option<&RequestBody>) -> ApiRequest {
    match body {
        Some(RequestBody::Json(body)) => request.json(body),
        Some(RequestBody::File(bytes)) => request.file("application/octet-stream", bytes),
        None => request,
    }
}

async fn request_status(client: &ApiClient, method: &str, path: &str, body: Option<&RequestBody>) -> u16 {
    let ask = client.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let answer = with_body(ask, body).send().await;
    assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text);
    answer.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_every_role() {
    let options = LocalOptions {
        parameters: [("FirstAdminEmail".to_owned(), ADMIN_EMAIL.to_owned())].into(),
        ..LocalOptions::default()
    };
    let Some(world) = World::local_only_with("the matrix of routes", options).await else { return };
    let admin = User::register_as(&world, "admin", ADMIN_EMAIL).await;
    let role = &admin.client.get("/v1/users/me").await.ok(200)["role"];
    assert_eq!(role, "super_admin");
    chat::choose_user_name(&admin).await;
    let mut member = chat::teammate(&world, "member").await;
    let document = serde_json::to_value(local::openapi::assembled_openapi()).unwrap();
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().expect("an operationId");
            // each scene adds the member to a channel, which is limited
            if asked.len() % 15 == 14 {
                member = chat::teammate(&world, "member").await;
            }
            let scene = RouteScene::create(&world, &admin, &member).await;
            let (path, body) = (scene.path(template), scene.request_body(id));
            let declared = operation["requestBody"].is_object();
            assert!(body.is_some() || !declared, "{id} takes a body that this test does not know");
            let anonymous = world.anonymous();
            let callers = [
                &anonymous,
                &scene.stranger.client,
                &scene.admin.client,
                &scene.guest.client,
                &scene.owner.client,
            ];
            let mut statuses = [0; 5];
            if method != "get" {
                let request =
                    anonymous.request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &path);
                let cookie = format!("__Host-access={}", scene.owner.access_token);
                let refused = with_body(request.header("cookie", &cookie), body.as_ref()).send().await;
                if refused.status != 403 || refused.body()["code"] != "CSRF_REFUSED" {
                    wrong.push(format!(
                        "{id} with a cookie without proof: {} {}",
                        refused.status, refused.text
                    ));
                }
            }
            for (status, client) in statuses.iter_mut().zip(callers) {
                *status = request_status(client, &method.to_uppercase(), &path, body.as_ref()).await;
                let documented = operation["responses"].get(status.to_string()).is_some();
                if !documented {
                    wrong.push(format!("{id} returns {status}, which the document does not say"));
                }
            }
            let expected = rows().find(|(known, _)| *known == id).map(|(_, statuses)| *statuses);
            if expected != Some(statuses) {
                wrong.push(format!("    (\"{id}\", {statuses:?}), // and not {expected:?}"));
            }
            asked.insert(id.to_owned());
        }
    }
    let gone = rows().filter(|(id, _)| !asked.contains(*id));
    wrong.extend(gone.map(|(id, _)| format!("{id} is not an operation of the document")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
