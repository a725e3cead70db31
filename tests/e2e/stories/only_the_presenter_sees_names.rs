use serde_json::json;

use crate::world::{World, users::vote_payload};

#[tokio::test]
async fn only_the_presenter_sees_names() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    let notes = json!({ "speaker_notes": "QUAGGA: tell them the budget" });
    ana.client.put(&format!("/v1/presentations/{}", presentation.id), &notes).await.ok(200);
    let session = ana.create_session(&presentation).await;
    session.transition("start").await;
    let mut presenter = ana.connect_to_session(&session).await;
    let (_, mut watching) = session.join_and_connect(&world, "Watcher").await;

    let (zebulon, mut socket) = session.join_and_connect(&world, "Zebulon").await;
    socket.send("response_submitted", vote_payload(&presentation.slides[0], "a", 1)).await;
    watching.wait_for_where("vote_update", |update| update["total_voters"] == 1).await;
    socket.close().await;

    // the presenter sees the name
    assert_eq!(
        presenter.wait_for_where("participant_joined", |event| event["display_name"] == "Zebulon").await["participant_id"],
        json!(zebulon.id)
    );
    let answer = presenter.wait_for("response_submitted").await;
    assert_eq!((&answer["display_name"], &answer["participant_id"]), (&json!("Zebulon"), &json!(zebulon.id)));
    assert_eq!(presenter.wait_for("participant_left").await["participant_id"], json!(zebulon.id));
    watching.wait_for_where("participant_count", |payload| payload["participant_count"] == 1).await;
    session.transition("end").await;
    watching.wait_for("session_ended").await;

    // no participant received a name, an id or a note
    for event in &watching.received {
        let frame = event.frame.to_string();
        for secret in ["Zebulon", zebulon.id.as_str(), "QUAGGA", ana.email.as_str()] {
            assert!(!frame.contains(secret), "{secret} in {frame}");
        }
        assert!(
            !["participant_joined", "participant_left", "response_submitted"].contains(&event.kind.as_str()),
            "{frame}"
        );
    }
    for path in [
        format!("/v1/sessions/{}/participants", session.id),
        format!("/v1/responses/slide/{}?session_id={}", presentation.slides[0].id, session.id),
    ] {
        zebulon.client.get(&path).await.refused(401, "UNAUTHORIZED");
        world.user("eve").await.client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    let public = world.anonymous().get(&format!("/v1/presentations/slug/{}", presentation.slug)).await;
    assert!(
        public.ok(200).is_object() && !public.text.contains("QUAGGA") && !public.text.contains(&ana.id),
        "{}",
        public.text
    );
}
