use super::{Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene) {
    let owner = scene.owner.client.clone();
    let guest = scene.guest.client.clone();
    recorder.record(scene, &guest, "ask_question").await;
    recorder.record(scene, &guest, "ask_assistant").await;
    recorder.record(scene, &guest, "upvote_question").await;
    for operation in ["answer_question", "update_question", "list_questions", "get_question"] {
        recorder.record(scene, &owner, operation).await;
    }
    recorder.record(scene, &guest, "withdraw_upvote").await;
}
