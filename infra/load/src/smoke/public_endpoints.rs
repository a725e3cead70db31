//! Checks the endpoints that need no account.

use anyhow::{Context, ensure};
use reqwest::{Method, Url};
use serde_json::json;

use super::{
    checklist::{CheckOutcome, Checklist},
    is_loopback,
    smoke_client::{SmokeClient, SmokeResponse, text_field},
};

const DOCS_LOGS: &str = "the log of the function api-docs";

pub(super) async fn check_public_endpoints(
    list: &mut Checklist<'_>,
    client: &SmokeClient,
    url: &Url,
    alive: &SmokeResponse,
    origin: Option<&str>,
) {
    list.check("tls", "the URL: it must be https, also for your own domain", async {
        ensure!(url.scheme() == "https" || is_loopback(url), "passwords would be sent unencrypted");
        Ok(CheckOutcome::with_summary(if url.scheme() == "https" {
            "https"
        } else {
            "http, on this machine"
        }))
    })
    .await;
    list.check("health", DOCS_LOGS, async { check_health(alive) }).await;
    list.check("ready", "the table, and whether the role of api-docs may read it", check_ready(client)).await;
    let headers = async { check_headers(alive, is_loopback(url)) };
    list.check("headers", "shared/entry/src/http/observe.rs, and proxies in front of API Gateway", headers)
        .await;
    list.check("documents", DOCS_LOGS, check_documents(client)).await;
    list.check("pages", DOCS_LOGS, check_pages(client)).await;
    list.check(
        "unknown-path",
        "the route $default of the HTTP API, which must lead to api-docs",
        check_unknown_path(client),
    )
    .await;
    list.check(
        "errors",
        "the route of /v1/auth, and the log of the function api-identity",
        check_errors(client),
    )
    .await;
    list.check(
        "cors",
        "the parameter AllowedOrigins; the HTTP API has no CORS settings",
        check_cors(client, origin),
    )
    .await;
}

fn check_health(alive: &SmokeResponse) -> anyhow::Result<CheckOutcome> {
    let body = alive.ok(200)?;
    ensure!(body["status"] == "healthy", "the status is {body}");
    Ok(CheckOutcome::with_summary(format!(
        "{}, version {}",
        alive.status_and_time(),
        text_field(&body, "version")?
    )))
}

async fn check_ready(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let answer = client.get("/ready").await?;
    let body = answer.ok(200)?;
    ensure!(body["checks"]["table"] == true, "the table does not respond: {body}");
    Ok(CheckOutcome::with_summary(format!("{}, the table responds", answer.status_and_time())))
}

fn check_headers(answer: &SmokeResponse, loopback: bool) -> anyhow::Result<CheckOutcome> {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        ensure!(answer.header(name) == Some(value), "{name} is {:?} instead of {value}", answer.header(name));
    }
    let id = answer.header("x-request-id").filter(|id| !id.is_empty());
    let id = id.context("x-request-id is missing")?;
    ensure!(
        loopback || answer.header("x-colloquy-cost").is_none(),
        "x-colloquy-cost is sent: SHOW_COST must be set only in the local cloud"
    );
    Ok(CheckOutcome::with_summary(format!("nosniff, no-referrer, no-store; x-request-id {id}")))
}

async fn check_documents(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let openapi = client.get("/openapi.json").await?;
    if is_hidden(&openapi) {
        return Ok(CheckOutcome::with_summary("hidden (ShowDocs)"));
    }
    let openapi = openapi.ok(200)?;
    let paths = openapi["paths"].as_object().context("/openapi.json has no paths")?.len();
    let asyncapi = client.get("/asyncapi.json").await?.ok(200)?;
    ensure!(asyncapi["asyncapi"].is_string(), "/asyncapi.json is not an AsyncAPI document");
    let server = openapi["servers"][0]["url"].as_str().unwrap_or_default();
    let server = if server == client.base() { String::new() } else { format!("; its server is {server}") };
    Ok(CheckOutcome::with_summary(format!("OpenAPI with {paths} paths, AsyncAPI{server}")))
}

async fn check_pages(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let page = client.get("/docs").await?;
    if is_hidden(&page) {
        return Ok(CheckOutcome::with_summary("hidden (ShowDocs)"));
    }
    ensure!(page.status == 200, "/docs returns {}", page.status);
    let is_html = |answer: &SmokeResponse| {
        answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    };
    ensure!(is_html(&page), "/docs is not HTML but {:?}", page.header("content-type"));
    let script = client.get("/docs/swagger-ui-bundle.js").await?;
    ensure!(script.status == 200, "/docs/swagger-ui-bundle.js returns {}", script.status);
    // fails if a mapping treats binary bodies as text, or the reverse
    ensure!(script.text.contains("SwaggerUI"), "/docs/swagger-ui-bundle.js has another content");
    Ok(CheckOutcome::with_summary(format!("/docs, its script has {} KB", script.text.len() / 1_024)))
}

/// Returns true if `ShowDocs` is off.
fn is_hidden(answer: &SmokeResponse) -> bool {
    answer.refused(404, "RESOURCE_NOT_FOUND").is_ok()
}

async fn check_unknown_path(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let answer = client.get("/there/is/no-such-path").await?;
    let body = answer.refused(404, "RESOURCE_NOT_FOUND")?;
    Ok(CheckOutcome::with_summary(format!(
        "404 of the product, request_id {}",
        text_field(&body, "request_id")?
    )))
}

async fn check_errors(client: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let invalid = client.post("/v1/auth/register", &json!({ "email": "no address" })).await?;
    let body = invalid.refused(422, "VALIDATION_ERROR")?;
    let fields = body["fields"].as_array().context("the error has no fields")?.iter();
    let fields: Vec<&str> = fields.filter_map(|field| field["field"].as_str()).collect();
    ensure!(fields.contains(&"password"), "the error names the fields {fields:?}");
    let unauthorized = client.with_token("not.a.token").get("/v1/users/me").await?;
    unauthorized.refused(401, "UNAUTHORIZED")?;
    Ok(CheckOutcome::with_summary(format!(
        "422 with the fields {}, 401 for an invalid token",
        fields.join(", ")
    )))
}

async fn check_cors(client: &SmokeClient, origin: Option<&str>) -> anyhow::Result<CheckOutcome> {
    let unknown = send_preflight(client, "https://stranger.example").await?;
    let allowed = unknown.header("access-control-allow-origin");
    ensure!(allowed.is_none(), "pages of every origin are allowed: {allowed:?}");
    let Some(origin) = origin else {
        return Ok(CheckOutcome::with_summary(
            "an unknown origin is refused (check an allowed one with --origin)",
        ));
    };
    let answer = send_preflight(client, origin).await?;
    let header = |name| answer.header(name).unwrap_or_default();
    ensure!(
        header("access-control-allow-origin") == origin
            && header("access-control-allow-credentials") == "true",
        "{origin} is not allowed: {} {:?}",
        answer.status,
        answer.headers
    );
    for (name, wanted) in [
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-headers", "x-csrf"),
        ("access-control-allow-methods", "DELETE"),
    ] {
        ensure!(header(name).contains(wanted), "{name} is {:?} and lacks {wanted}", header(name));
    }
    Ok(CheckOutcome::with_summary(format!("{origin} is allowed, an unknown origin is refused")))
}

async fn send_preflight(client: &SmokeClient, origin: &str) -> anyhow::Result<SmokeResponse> {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = client.send_json(Method::OPTIONS, "/v1/auth/login", None, &headers).await?;
    ensure!(answer.status == 204, "the preflight returns {} {}", answer.status, answer.text);
    Ok(answer)
}
