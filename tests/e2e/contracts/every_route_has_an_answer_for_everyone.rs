//! Who gets what: every operation of the OpenAPI document, asked by nobody, a stranger with an account, an admin, a
//! participant of the owner's session and the owner (RELIABILITY 15). An operation without a row fails, and a row without an
//! operation. An admin is a stranger to what is another's: the role opens no door that is not written for it.

use std::collections::BTreeSet;

use local::LocalOptions;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{
    Client, Guest, Presentation, Session, User, World,
    people::{Slide, question},
    pictures::picture,
};

/// Operation → status for nobody, stranger, admin, participant, owner; asked in this order, so that the owner may delete.
/// The session is running: it can be paused and ended, and neither started nor resumed.
const ANSWERS: &[(&str, [u16; 5])] = &[
    ("home", [200, 200, 200, 200, 200]),
    ("jwks", [200, 200, 200, 200, 200]),
    ("health", [200, 200, 200, 200, 200]),
    ("asyncapi", [200, 200, 200, 200, 200]),
    ("openapi", [200, 200, 200, 200, 200]),
    ("ready", [200, 200, 200, 200, 200]),
    ("admin_list_actions", [401, 403, 200, 401, 403]),
    ("admin_bulk_action", [401, 403, 200, 401, 403]),
    ("admin_dashboard", [401, 403, 200, 401, 403]),
    ("admin_health", [401, 403, 200, 401, 403]),
    ("admin_get_llm", [401, 403, 200, 401, 403]),
    ("admin_list_plans", [401, 403, 200, 401, 403]),
    ("admin_list_sessions", [401, 403, 200, 401, 403]),
    ("admin_get_session", [401, 403, 200, 401, 403]),
    ("admin_end_session", [401, 403, 202, 401, 403]),
    ("admin_stats", [401, 403, 200, 401, 403]),
    ("admin_list_users", [401, 403, 200, 401, 403]),
    ("admin_create_user", [401, 403, 201, 401, 403]),
    ("admin_get_user", [401, 403, 200, 401, 403]),
    ("admin_update_user", [401, 403, 200, 401, 403]),
    ("admin_ban_user", [401, 403, 200, 401, 401]),
    ("admin_deactivate_user", [401, 403, 200, 401, 401]),
    ("admin_reset_password", [401, 403, 202, 401, 403]),
    ("admin_change_plan", [401, 403, 200, 401, 403]),
    ("admin_reactivate_user", [401, 403, 200, 401, 403]),
    ("admin_remove_role", [401, 403, 404, 401, 403]),
    ("admin_assign_role", [401, 403, 200, 401, 403]),
    ("admin_suspend_user", [401, 403, 200, 401, 401]),
    ("admin_unban_user", [401, 403, 200, 401, 403]),
    ("admin_unsuspend_user", [401, 403, 200, 401, 403]),
    ("log_in", [200, 200, 200, 200, 200]),
    ("delete_image", [401, 404, 404, 401, 204]),
    ("get_image", [200, 200, 200, 200, 200]),
    ("delete_image_old", [401, 404, 404, 401, 204]),
    ("get_image_old", [200, 200, 200, 200, 200]),
    ("upload_image", [401, 201, 201, 401, 201]),
    ("upload_image_old", [401, 201, 201, 401, 201]),
    ("log_out", [401, 204, 204, 401, 204]),
    ("change_password", [401, 422, 422, 401, 200]),
    ("request_password_reset", [200, 200, 200, 200, 200]),
    ("confirm_password_reset", [400, 400, 400, 400, 400]),
    ("refresh", [200, 200, 200, 200, 200]),
    ("register", [201, 409, 409, 409, 409]),
    ("end_other_logins", [401, 204, 204, 401, 204]),
    ("list_logins", [401, 200, 200, 401, 200]),
    ("end_login", [401, 404, 404, 401, 204]),
    ("list_presentations", [401, 200, 200, 401, 200]),
    ("create_presentation", [401, 201, 201, 401, 201]),
    ("get_presentation_by_slug", [200, 200, 200, 200, 200]),
    ("delete_presentation", [401, 404, 404, 401, 204]),
    ("get_presentation", [401, 404, 404, 401, 200]),
    ("update_presentation", [401, 404, 404, 401, 200]),
    ("duplicate_presentation", [401, 404, 404, 401, 201]),
    ("list_slides", [401, 404, 404, 401, 200]),
    ("create_slide", [401, 404, 404, 401, 201]),
    ("insert_slide", [401, 404, 404, 401, 201]),
    ("reorder_slides", [401, 404, 404, 401, 200]),
    ("create_ticket", [401, 404, 404, 201, 201]),
    ("submit_response", [401, 401, 401, 201, 401]),
    ("list_responses_of_slide", [401, 404, 404, 401, 200]),
    ("list_sessions", [401, 200, 200, 401, 200]),
    ("create_session", [401, 404, 404, 401, 201]),
    ("find_session_by_code", [200, 200, 200, 200, 200]),
    ("join_session", [201, 201, 201, 201, 201]),
    ("find_session_by_slug", [200, 200, 200, 200, 200]),
    ("get_session", [401, 404, 404, 401, 200]),
    ("show_slide_put", [401, 404, 404, 401, 200]),
    ("end_session", [401, 404, 404, 401, 200]),
    ("export_session", [401, 404, 404, 401, 200]),
    ("finalize_session", [401, 404, 404, 401, 202]),
    ("get_report", [401, 404, 404, 401, 409]),
    ("list_participants", [401, 404, 404, 401, 200]),
    ("pause_session", [401, 404, 404, 401, 200]),
    ("resume_session", [401, 404, 404, 401, 409]),
    ("show_slide", [401, 404, 404, 401, 200]),
    ("start_session", [401, 404, 404, 401, 409]),
    ("update_session", [401, 404, 404, 401, 200]),
    ("remove_participant", [401, 404, 404, 401, 204]),
    ("list_session_slides", [401, 404, 404, 200, 200]),
    ("get_results", [401, 404, 404, 200, 200]),
    ("show_results", [401, 404, 404, 401, 200]),
    ("reset_results", [401, 404, 404, 401, 200]),
    ("generate_slide", [401, 404, 404, 401, 202]),
    ("get_generation", [401, 404, 404, 401, 200]),
    ("generate_summary", [401, 404, 404, 401, 202]),
    ("generate_conclusion", [401, 404, 404, 401, 202]),
    ("get_leaderboard", [401, 404, 404, 200, 200]),
    ("ask_question", [401, 401, 401, 201, 401]),
    ("list_questions", [401, 404, 404, 200, 200]),
    ("ask_assistant", [401, 401, 401, 202, 401]),
    ("get_question", [401, 404, 404, 200, 200]),
    ("update_question", [401, 404, 404, 401, 200]),
    ("answer_question", [401, 404, 404, 401, 200]),
    ("upvote_question", [401, 401, 401, 204, 401]),
    ("withdraw_upvote", [401, 401, 401, 204, 401]),
    ("moderate_response", [401, 404, 404, 401, 200]),
    ("session_statistics", [401, 404, 404, 401, 200]),
    ("session_stats", [401, 404, 404, 401, 200]),
    ("delete_slide", [401, 404, 404, 401, 204]),
    ("get_slide", [401, 404, 404, 401, 200]),
    ("update_slide", [401, 404, 404, 401, 200]),
    ("duplicate_slide", [401, 404, 404, 401, 201]),
    ("delete_me", [401, 422, 422, 401, 204]),
    ("get_me", [401, 200, 200, 401, 200]),
    ("update_me", [401, 200, 200, 401, 200]),
    ("get_usage", [401, 200, 200, 401, 200]),
    ("list_users", [401, 200, 200, 401, 200]),
    ("search_users", [401, 200, 200, 401, 200]),
    ("get_user", [401, 200, 200, 401, 200]),
    ("update_user", [401, 403, 403, 401, 200]),
];

/// Whoever registers with it is an admin (`FIRST_ADMIN_EMAIL`).
const ADMIN: &str = "admin@example.com";

/// What an operation takes.
enum Sent {
    Json(Value),
    File(Vec<u8>),
}

/// What there is to ask for; made anew for every operation.
struct Scene {
    owner: User,
    stranger: User,
    admin: User,
    guest: Guest,
    presentation: Presentation,
    session: Session,
    /// A second log-in of the owner.
    login: String,
    /// The file name of an image of the owner.
    image: String,
    /// A slide that has been asked to be written on.
    conclusion: String,
    /// By the guest, as the answer below.
    question: String,
    response: String,
}

impl Scene {
    async fn set(world: &World, admin: &User) -> Self {
        let (owner, stranger, admin) =
            tokio::join!(world.user("owner"), world.user("stranger"), admin.log_in(world));
        let (mut presentation, session) = owner.started(2).await;
        let guest = session.join(world, Some("Bo")).await;
        owner.log_in(world).await;
        let logins = owner.client.get("/v1/auth/sessions").await.ok(200);
        let other =
            logins["items"].as_array().unwrap().iter().find(|login| login["current"] == false).unwrap();
        let login = other["id"].as_str().unwrap().to_owned();
        let image =
            owner.client.ask(Method::POST, "/v1/upload/image").file("image/png", &picture()).send().await;
        let image = image.ok(201)["filename"].as_str().unwrap().to_owned();
        let slides = format!("/v1/presentations/{}/slides", presentation.id);
        for kind in ["summary", "conclusion"] {
            let slide = owner.client.post(&slides, &json!({ "type": kind })).await.ok(201);
            presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
        }
        let conclusion = presentation.slides[3].id.clone();
        let generation = format!("/v1/sessions/{}/slides/{conclusion}/generation", session.id);
        owner.client.post(&generation, &json!({})).await.ok(202);
        let asked = json!({ "question_text": "What do herons eat?" });
        let asked =
            guest.client.post(&format!("/v1/sessions/{}/questions", session.id), &asked).await.ok(201);
        let question = asked["question_id"].as_str().unwrap().to_owned();
        let answer = json!({
            "session_id": session.id, "slide_id": presentation.slides[0].id, "content": { "selected": ["b"] },
        });
        let answered = guest.client.post("/v1/responses", &answer).await.ok(201);
        let response = answered["response_id"].as_str().unwrap().to_owned();
        Self {
            owner,
            stranger,
            admin,
            guest,
            presentation,
            session,
            login,
            image,
            conclusion,
            question,
            response,
        }
    }

    fn path(&self, template: &str) -> String {
        let slide = &self.presentation.slides[0].id;
        let id = match template {
            path if path.starts_with("/v1/auth/sessions/") => &self.login,
            path if path.starts_with("/v1/presentations/") => &self.presentation.id,
            path if path.starts_with("/v1/responses/slide/") || path.starts_with("/v1/slides/") => slide,
            "/v1/responses/{id}" => &self.response,
            path if path.starts_with("/v1/users/") || path.starts_with("/v1/admin/users/") => &self.owner.id,
            _ => &self.session.id,
        };
        let path = template
            .replace("{id}", id)
            .replace("{filename}", &self.image)
            .replace("{slide_id}", if template.ends_with("/generation") { &self.conclusion } else { slide })
            .replace("{question_id}", &self.question)
            .replace("{participant_id}", &self.guest.id)
            .replace("{code}", &self.session.code)
            .replace("{slug}", &self.presentation.slug)
            .replace("{query}", "an")
            .replace("{position}", "0");
        assert!(!path.contains('{'), "{template} has a parameter that this test does not know");
        if path.starts_with("/v1/responses/slide/") {
            format!("{path}?session_id={}", self.session.id)
        } else {
            path
        }
    }

    /// A body that is right.
    fn body(&self, operation: &str) -> Option<Sent> {
        let Self { owner, presentation, session, .. } = self;
        let slides: Vec<&str> = presentation.slides.iter().map(|slide| slide.id.as_str()).collect();
        let number: u64 = rand::random();
        Some(Sent::Json(match operation {
            "register" => json!({
                "email": format!("new-{number:016x}@example.com"), "password": "a heron over grey water", "name": "New",
            }),
            "admin_create_user" => json!({
                "email": format!("made-{number:016x}@example.com"), "password": "a heron over grey water",
            }),
            "admin_change_plan" => json!({ "plan_id": "pro" }),
            "admin_assign_role" => json!({ "role": "moderator" }),
            "admin_bulk_action" => json!({ "action": "unban", "target_ids": [owner.id] }),
            "log_in" => json!({ "email": owner.email, "password": owner.password }),
            "refresh" => json!({ "refresh_token": owner.refresh_token }),
            "change_password" => {
                json!({ "current_password": owner.password, "new_password": "an otter in the morning fog 81" })
            }
            "request_password_reset" => json!({ "email": owner.email }),
            "confirm_password_reset" => {
                json!({ "token": "none", "new_password": "an otter in the morning fog 81" })
            }
            "admin_update_user" | "update_me" | "update_user" => json!({ "name": "Renamed" }),
            "delete_me" => json!({ "password": owner.password }),
            "create_presentation" | "update_presentation" => json!({ "title": "Herons" }),
            "admin_ban_user"
            | "admin_deactivate_user"
            | "admin_end_session"
            | "admin_reactivate_user"
            | "admin_suspend_user"
            | "admin_unban_user"
            | "admin_unsuspend_user"
            | "duplicate_presentation"
            | "join_session"
            | "log_out" => json!({}),
            "create_slide" | "insert_slide" | "update_slide" => question(9, false),
            "reorder_slides" => json!({ "slide_ids": slides.iter().rev().collect::<Vec<_>>() }),
            "create_session" => json!({ "presentation_id": presentation.id }),
            "show_slide" | "show_slide_put" => json!({ "slide_id": slides[1] }),
            "create_ticket" | "generate_summary" | "generate_conclusion" => {
                json!({ "session_id": session.id })
            }
            "update_session" => json!({ "ai_answers": "off" }),
            "show_results" => json!({ "visible": false }),
            "ask_question" => json!({ "question_text": "Where do herons nest?" }),
            "ask_assistant" => json!({ "session_id": session.id, "question": "Where do herons nest?" }),
            "update_question" => json!({ "is_pinned": true }),
            "answer_question" => json!({ "response_text": "Fish." }),
            "moderate_response" => {
                json!({ "session_id": session.id, "slide_id": slides[0], "is_hidden": true })
            }
            "submit_response" => {
                json!({ "session_id": session.id, "slide_id": slides[0], "content": { "selected": ["a"] } })
            }
            "upload_image" | "upload_image_old" => return Some(Sent::File(picture())),
            _ => return None,
        }))
    }
}

async fn ask(client: &Client, method: &str, path: &str, body: Option<&Sent>) -> u16 {
    let ask = client.ask(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let ask = match body {
        Some(Sent::Json(body)) => ask.json(body),
        Some(Sent::File(bytes)) => ask.file("application/octet-stream", bytes),
        None => ask,
    };
    let answer = ask.send().await;
    assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text);
    answer.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_has_an_answer_for_everyone() {
    let options = LocalOptions {
        parameters: [("FirstAdminEmail".to_owned(), ADMIN.to_owned())].into(),
        ..LocalOptions::default()
    };
    let Some(world) = World::local_with("the matrix of routes", options).await else { return };
    let admin = User::register_as(&world, "admin", ADMIN).await;
    let role = &admin.client.get("/v1/users/me").await.ok(200)["role"];
    assert_eq!(role, "super_admin");
    let document = serde_json::to_value(local::openapi::openapi()).unwrap();
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().expect("an operationId");
            let scene = Scene::set(&world, &admin).await;
            let (path, body) = (scene.path(template), scene.body(id));
            let declared = operation["requestBody"].is_object();
            assert!(body.is_some() || !declared, "{id} takes a body that this test does not know");
            let nobody = world.nobody();
            let callers = [
                &nobody,
                &scene.stranger.client,
                &scene.admin.client,
                &scene.guest.client,
                &scene.owner.client,
            ];
            let mut statuses = [0; 5];
            for (status, client) in statuses.iter_mut().zip(callers) {
                *status = ask(client, &method.to_uppercase(), &path, body.as_ref()).await;
                let documented = operation["responses"].get(status.to_string()).is_some();
                if !documented {
                    wrong.push(format!("{id} answers {status}, which the document does not say"));
                }
            }
            let expected = ANSWERS.iter().find(|(known, _)| *known == id).map(|(_, statuses)| *statuses);
            if expected != Some(statuses) {
                wrong.push(format!("    (\"{id}\", {statuses:?}), // and not {expected:?}"));
            }
            asked.insert(id.to_owned());
        }
    }
    let gone = ANSWERS.iter().filter(|(id, _)| !asked.contains(*id));
    wrong.extend(gone.map(|(id, _)| format!("{id} is no operation any more")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
