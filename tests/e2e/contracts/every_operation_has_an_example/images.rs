use super::{super::every_route_answers_every_role::images::upload_image, Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene) {
    let owner = scene.owner.client.clone();
    for operation in ["upload_image", "upload_image_old", "get_image", "get_image_old", "delete_image"] {
        recorder.record(scene, &owner, operation).await;
    }
    scene.image = upload_image(&scene.owner).await;
    recorder.record(scene, &owner, "delete_image_old").await;
}
