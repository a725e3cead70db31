use super::{Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene) {
    let owner = scene.owner.client.clone();
    let operations = [
        "list_presentations",
        "get_presentation_by_slug",
        "get_presentation",
        "update_presentation",
        "list_slides",
        "reorder_slides",
        "get_slide",
        "update_slide",
        "create_slide",
        "insert_slide",
        "duplicate_slide",
        "create_presentation",
        "duplicate_presentation",
    ];
    for operation in operations {
        recorder.record(scene, &owner, operation).await;
    }
}

/// Deletes a slide, then the presentation.
pub(super) async fn record_deletes(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let owner = scene.owner.log_in(recorder.world).await;
    recorder.record(scene, &owner.client, "delete_slide").await;
    recorder.record(scene, &owner.client, "delete_presentation").await;
}
