//! Showing a slide.

use std::collections::HashSet;

use model::{UserId, session::SessionStatus};
use protocol::job::{CountRecipients, CountVotes};
use serde_json::json;
use store::{realtime::connections::ConnectionIdentity, sessions::slide_snapshots};
use testkit::FunctionClient;

use crate::world::SessionsWorld;

#[tokio::test]
async fn showing_a_slide_counts_the_previous_one_even_if_posts_fail() {
    let world = SessionsWorld::start().await;
    let api = sessions::api(world.environment_without_sockets_and_broadcast()).await.unwrap();
    let user: UserId = world.clock.new_id();
    let login = world.create_login(user).await;
    let talk = world.start_talk(user, SessionStatus::Active).await;
    let presents = Some(talk.session.id);
    let _presenter_socket =
        world.open_socket("presenter=", ConnectionIdentity::Account { user, login, presents }).await;

    let token = world.access_token(user, login).await;
    let path = format!("/v1/sessions/{}/slide", talk.session.id);
    let show = FunctionClient::new(api)
        .request("POST", &path)
        .bearer(&token)
        .json(&json!({ "slide_id": talk.slides[2] }));
    show.send().await.ok(200);
    let for_everyone: HashSet<bool> = world
        .queued_jobs::<CountVotes>()
        .into_iter()
        .filter(|job| job.slide == talk.slides[1])
        .map(|job| job.recipients == CountRecipients::Everyone)
        .collect();
    assert_eq!(for_everyone, HashSet::from([true, false]), "one count for the presenter, one for everyone");
    // the slide is stored for the report
    let snapshot =
        slide_snapshots::get(&world.app.store, talk.session.id, talk.slides[2], world.clock.now()).await;
    assert!(snapshot.unwrap().is_some());
}
