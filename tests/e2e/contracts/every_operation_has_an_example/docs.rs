use super::{Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let anonymous = recorder.world.anonymous();
    for operation in ["home", "health", "ready", "openapi", "asyncapi"] {
        recorder.record(scene, &anonymous, operation).await;
    }
}
