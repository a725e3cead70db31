use local::LocalOptions;
use serde_json::{Value, json};

use crate::world::{ApiResponse, User, World, mail::token_of};

const ROOT: &str = "root@example.com";
const PATHS: [&str; 4] =
    ["/v1/auth/register", "/v1/auth/signup", "/api/v1/auth/register", "/api/auth/signup"];

/// Starts a local cloud with a mode of the sign-up, and its first admin.
async fn start(mode: &str, domains: &str) -> Option<(World, User)> {
    let parameters = [("SignUp", mode), ("SignUpDomains", domains), ("FirstAdminEmail", ROOT)];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let options = LocalOptions { parameters, ..LocalOptions::default() };
    let world = World::local_only_with("parameters", options).await?;
    // the address of the first admin registers in every mode
    let root = User::register_as(&world, "root", ROOT).await;
    assert_eq!(root.client.get("/v1/users/me").await.ok(200)["role"], "super_admin", "{mode}");
    Some((world, root))
}

fn account(email: &str) -> Value {
    json!({ "email": email, "password": "a heron over grey water", "name": "Bo" })
}

async fn register(world: &World, path: &str, account: &Value) -> ApiResponse {
    world.anonymous().post(path, account).await
}

/// Sends an invitation and returns its token.
async fn invite(world: &World, root: &User, email: &str) -> String {
    root.client.post("/v1/invitations", &json!({ "email": email })).await.ok(201);
    token_of(&world.newest_mail(email, "You are invited to a team").await, "/invitation")
}

/// An admin creates accounts in every mode.
async fn create_as_admin(root: &User) {
    root.client.post("/v1/admin/users", &account("created@other.example")).await.ok(201);
}

#[tokio::test]
async fn every_person_registers_in_an_open_deployment() {
    let Some((world, root)) = start("open", "").await else { return };
    for (number, path) in PATHS.iter().enumerate() {
        register(&world, path, &account(&format!("bo-{number}@other.example"))).await.ok(201);
    }
    let mut invited = account("cleo@other.example");
    invited["invitation"] = json!(invite(&world, &root, "cleo@other.example").await);
    register(&world, PATHS[0], &invited).await.ok(201);
    create_as_admin(&root).await;
}

#[tokio::test]
async fn only_listed_domains_register_in_the_mode_domains() {
    let Some((world, root)) = start("domains", "Example.com, team.example").await else { return };
    for (number, path) in PATHS.iter().enumerate() {
        register(&world, path, &account(&format!("Bo-{number}@TEAM.Example"))).await.ok(201);
        for domain in ["evilexample.com", "sub.example.com", "example.com.evil.example", "other.example"] {
            let refused = register(&world, path, &account(&format!("bo@{domain}"))).await;
            refused.refused(403, "EMAIL_DOMAIN_NOT_ALLOWED");
        }
    }
    // a verified or changed address does not matter, only the registration does
    let mut invited = account("cleo@other.example");
    invited["invitation"] = json!(invite(&world, &root, "cleo@other.example").await);
    register(&world, PATHS[0], &invited).await.ok(201);
    create_as_admin(&root).await;
}

#[tokio::test]
async fn only_invited_people_register_in_the_mode_invited() {
    let Some((world, root)) = start("invited", "").await else { return };
    for path in PATHS {
        let refused = register(&world, path, &account("bo@example.com")).await;
        let refused = refused.refused(403, "INVITATION_REQUIRED");
        assert!(refused["message"].as_str().unwrap().contains("invitation"), "{refused}");
    }
    let mut invited = account("bo@example.com");
    invited["invitation"] = json!("none");
    register(&world, PATHS[0], &invited).await.refused(400, "INVALID_TOKEN");
    invited["invitation"] = json!(invite(&world, &root, "bo@example.com").await);
    let made = register(&world, PATHS[1], &invited).await.ok(201);
    assert_eq!((&made["user"]["role"], &made["user"]["email_verified"]), (&json!("member"), &json!(true)));
    create_as_admin(&root).await;
}

#[tokio::test]
async fn no_person_registers_in_a_closed_deployment() {
    let Some((world, root)) = start("closed", "").await else { return };
    for path in PATHS {
        register(&world, path, &account("bo@example.com")).await.refused(403, "SIGN_UP_CLOSED");
    }
    let invitation = json!({ "email": "bo@example.com" });
    root.client.post("/v1/invitations", &invitation).await.refused(403, "SIGN_UP_CLOSED");
    let mut invited = account("bo@example.com");
    invited["invitation"] = json!("none");
    register(&world, PATHS[0], &invited).await.refused(403, "SIGN_UP_CLOSED");
    create_as_admin(&root).await;
}

#[tokio::test]
async fn a_wrong_mode_stops_the_start_and_names_the_parameter() {
    let Some(_) = World::local_only("parameters").await else { return };
    for (mode, domains, parameter) in [
        ("everyone", "", "SignUp"),
        ("domains", "", "SignUpDomains"),
        ("domains", "@example.com", "SignUpDomains"),
    ] {
        let parameters = [("SignUp", mode), ("SignUpDomains", domains)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let template = Some(crate::world::repository().join("template.yaml"));
        let options = LocalOptions { parameters, template, ..LocalOptions::default() };
        let error = local::LocalCloud::start(options).await.err().map(|error| format!("{error:#}"));
        assert!(error.as_ref().is_some_and(|error| error.contains(parameter)), "{mode} {domains}: {error:?}");
    }
}
