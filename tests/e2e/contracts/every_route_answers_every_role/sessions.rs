use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::{Guest, Presentation, Session, User, users::Slide};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
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
    ("revoke_report_links", [401, 404, 404, 401, 404]),
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
    ("moderate_response", [401, 404, 404, 401, 200]),
    ("session_statistics", [401, 404, 404, 401, 200]),
    ("session_stats", [401, 404, 404, 401, 200]),
];

/// Adds a summary and a conclusion slide, and requests the text of the conclusion. Returns the id of the conclusion.
pub(super) async fn request_generation(
    owner: &User,
    presentation: &mut Presentation,
    session: &Session,
) -> String {
    let slides = format!("/v1/presentations/{}/slides", presentation.id);
    for kind in ["summary", "conclusion"] {
        let slide = owner.client.post(&slides, &json!({ "type": kind })).await.ok(201);
        presentation.slides.push(Slide { id: slide["id"].as_str().unwrap().to_owned() });
    }
    let conclusion = presentation.slides[3].id.clone();
    let generation = format!("/v1/sessions/{}/slides/{conclusion}/generation", session.id);
    owner.client.post(&generation, &json!({})).await.ok(202);
    conclusion
}

/// Answers the first slide and returns the id of the response.
pub(super) async fn submit_response(guest: &Guest, presentation: &Presentation, session: &Session) -> String {
    let answer = json!({
        "session_id": session.id, "slide_id": presentation.slides[0].id, "content": { "selected": ["b"] },
    });
    let answered = guest.client.post("/v1/responses", &answer).await.ok(201);
    answered["response_id"].as_str().unwrap().to_owned()
}

fn parameter<'s>(scene: &'s RouteScene, template: &str, name: &str) -> Option<&'s str> {
    let slide = &scene.presentation.slides[0].id;
    let is_of_session = template.starts_with("/v1/sessions/");
    match name {
        "id" if template.starts_with("/v1/responses/slide/") => Some(slide),
        "id" if template.starts_with("/v1/responses/") => Some(&scene.response),
        "id" if is_of_session => Some(&scene.session.id),
        "slide_id" if template.ends_with("/generation") => Some(&scene.conclusion),
        "slide_id" if is_of_session => Some(slide),
        "participant_id" if is_of_session => Some(&scene.guest.id),
        "code" if is_of_session => Some(&scene.session.code),
        "slug" if is_of_session => Some(&scene.presentation.slug),
        _ => None,
    }
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    let RouteScene { presentation, session, .. } = scene;
    let slide = |index: usize| &presentation.slides[index].id;
    Some(RequestBody::Json(match operation {
        "create_session" => json!({ "presentation_id": presentation.id }),
        "join_session" => json!({}),
        "show_slide" | "show_slide_put" => json!({ "slide_id": slide(1) }),
        "create_ticket" | "generate_summary" | "generate_conclusion" => json!({ "session_id": session.id }),
        "update_session" => json!({ "ai_answers": "off" }),
        "show_results" => json!({ "visible": false }),
        "moderate_response" => {
            json!({ "session_id": session.id, "slide_id": slide(0), "is_hidden": true })
        }
        "submit_response" => {
            json!({ "session_id": session.id, "slide_id": slide(0), "content": { "selected": ["a"] } })
        }
        _ => return None,
    }))
}
