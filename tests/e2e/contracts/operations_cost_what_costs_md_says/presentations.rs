use serde_json::json;

use super::CostTable;
use crate::world::{Presentation, User, users::choice_slide};

/// Creates a presentation with one slide.
pub(super) async fn measure(table: &mut CostTable, ana: &User) -> Presentation {
    let presentation = ana.create_presentation(1).await;
    table.add_request("append a slide", "/slides");
    let one = format!("/v1/presentations/{}", presentation.id);
    let slide = format!("/v1/slides/{}", presentation.slides[0].id);
    ana.client.post("/v1/presentations", &json!({ "title": "Otters" })).await.ok(201);
    table.add_request("create a presentation", "/presentations");
    ana.client.get(&one).await.ok(200);
    table.add_request("read a presentation of 1 slide", &one);
    ana.client.put(&one, &json!({ "title": "Herons" })).await.ok(200);
    table.add_request("change a presentation", &one);
    ana.client.get("/v1/presentations").await.ok(200);
    table.add_request("list 2 presentations", "/presentations");
    ana.client.get(&slide).await.ok(200);
    table.add_request("read a slide", &slide);
    ana.client.put(&slide, &choice_slide(2, false)).await.ok(200);
    table.add_request("change a slide", &slide);
    presentation
}
