use serde_json::json;

use super::CostTable;
use crate::world::{Presentation, User, people::question};

/// Makes a presentation of one slide.
pub(super) async fn measure(table: &mut CostTable, ana: &User) -> Presentation {
    let presentation = ana.presentation(1).await;
    table.answered("append a slide", "/slides");
    let one = format!("/v1/presentations/{}", presentation.id);
    let slide = format!("/v1/slides/{}", presentation.slides[0].id);
    ana.client.post("/v1/presentations", &json!({ "title": "Otters" })).await.ok(201);
    table.answered("create a presentation", "/presentations");
    ana.client.get(&one).await.ok(200);
    table.answered("read a presentation of 1 slide", &one);
    ana.client.put(&one, &json!({ "title": "Herons" })).await.ok(200);
    table.answered("change a presentation", &one);
    ana.client.get("/v1/presentations").await.ok(200);
    table.answered("list 2 presentations", "/presentations");
    ana.client.get(&slide).await.ok(200);
    table.answered("read a slide", &slide);
    ana.client.put(&slide, &question(2, false)).await.ok(200);
    table.answered("change a slide", &slide);
    presentation
}
