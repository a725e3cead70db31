use std::time::Duration;

use super::{Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene) {
    let world = recorder.world;
    let anonymous = world.anonymous();
    let owner = scene.owner.client.clone();
    let guest = scene.guest.client.clone();
    recorder.record(scene, &guest, "submit_response").await;
    for operation in ["find_session_by_code", "find_session_by_slug", "join_session"] {
        recorder.record(scene, &anonymous, operation).await;
    }
    let running = [
        "create_ticket",
        "list_sessions",
        "get_session",
        "update_session",
        "show_slide",
        "show_slide_put",
        "list_participants",
        "list_session_slides",
        "list_responses_of_slide",
        "get_results",
        "show_results",
        "get_leaderboard",
        "session_statistics",
        "session_stats",
        "generate_slide",
        "generate_summary",
        "generate_conclusion",
        "get_generation",
        "export_session",
        "moderate_response",
        "reset_results",
        "pause_session",
        "resume_session",
        "remove_participant",
    ];
    for operation in running {
        recorder.record(scene, &owner, operation).await;
    }
    // a report counts by the minute
    let clock = world.local_cloud().clock();
    clock.advance(Duration::from_mins(5));
    recorder.record(scene, &owner, "end_session").await;
    // the job that writes the report is delayed
    clock.advance(Duration::from_mins(1));
    for operation in ["finalize_session", "get_report", "revoke_report_links", "create_session"] {
        recorder.record(scene, &owner, operation).await;
    }
    scene.session = scene.owner.create_session(&scene.presentation).await;
    recorder.record(scene, &owner, "start_session").await;
    // the counts of a slide that was not shown before are stored later
    clock.advance(Duration::from_mins(2));
}
