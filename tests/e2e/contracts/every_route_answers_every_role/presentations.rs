use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::users::choice_slide;

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
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
    ("delete_slide", [401, 404, 404, 401, 204]),
    ("get_slide", [401, 404, 404, 401, 200]),
    ("update_slide", [401, 404, 404, 401, 200]),
    ("duplicate_slide", [401, 404, 404, 401, 201]),
];

fn parameter<'s>(scene: &'s RouteScene, template: &str, name: &str) -> Option<&'s str> {
    let is_of_presentation = template.starts_with("/v1/presentations/");
    match name {
        "id" if is_of_presentation => Some(&scene.presentation.id),
        "id" if template.starts_with("/v1/slides/") => Some(&scene.presentation.slides[0].id),
        "slug" if is_of_presentation => Some(&scene.presentation.slug),
        "position" if is_of_presentation => Some("0"),
        _ => None,
    }
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    Some(RequestBody::Json(match operation {
        "create_presentation" | "update_presentation" => json!({ "title": "Herons" }),
        "duplicate_presentation" => json!({}),
        "create_slide" | "insert_slide" | "update_slide" => choice_slide(9, false),
        "reorder_slides" => {
            let slides = scene.presentation.slides.iter().rev().map(|slide| &slide.id);
            json!({ "slide_ids": slides.collect::<Vec<_>>() })
        }
        _ => return None,
    }))
}
