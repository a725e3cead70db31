use std::collections::HashSet;

use entry::tokens::Access;
use lambda_runtime::Context;
use model::{UserId, session::Status};
use protocol::job::{CountVotes, Told};
use serde_json::json;
use store::connections::Identity;

use crate::world::World;

#[tokio::test]
async fn the_last_votes_on_a_slide_are_asked_for_though_nobody_can_be_told_of_the_next() {
    let world = World::start().await;
    let api = sessions::api(world.mute_and_alone()).await.unwrap();
    let user: UserId = world.clock.id();
    let login = world.login(user).await;
    let talk = world.talk(user, Status::Active).await;
    let presents = Some(talk.session.id);
    let _heard = world.socket("presenter=", Identity::Account { user, login, presents }).await;

    let token = world.app.tokens.sign(&Access { user, login }, world.clock.now()).unwrap();
    let path = format!("/v1/sessions/{}/slide", talk.session.id);
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "authorization": format!("Bearer {token}"), "content-type": "application/json" },
        "requestContext": {
            "accountId": "0", "apiId": "api", "domainName": "localhost", "domainPrefix": "api",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "tests",
            },
            "requestId": "request", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 0,
        },
        "body": json!({ "slide_id": talk.slides[2] }).to_string(),
        "isBase64Encoded": false,
    });
    let answer = api.call(event, Context::default()).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let told: HashSet<bool> = world
        .jobs::<CountVotes>()
        .into_iter()
        .filter(|job| job.slide == talk.slides[1])
        .map(|job| job.told == Told::Everyone)
        .collect();
    assert_eq!(told, HashSet::from([true, false]), "for the presenter, and for everyone");
}
