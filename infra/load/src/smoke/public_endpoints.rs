//! What everyone may ask, without an account.

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
    visitor: &SmokeClient,
    url: &Url,
    alive: &SmokeResponse,
    origin: Option<&str>,
) {
    list.check("tls", "the URL: API Gateway's is https, and so must be a domain of your own", async {
        ensure!(url.scheme() == "https" || is_loopback(url), "passwords would travel in the clear");
        Ok(CheckOutcome::with_summary(if url.scheme() == "https" {
            "https"
        } else {
            "http, on this machine"
        }))
    })
    .await;
    list.check("health", DOCS_LOGS, async { check_health(alive) }).await;
    list.check("ready", "the table, and whether the role of api-docs may read it", check_ready(visitor))
        .await;
    let headers = async { check_headers(alive, is_loopback(url)) };
    list.check("headers", "shared/entry/src/http/observe.rs, and what stands between it and here", headers)
        .await;
    list.check("documents", DOCS_LOGS, check_documents(visitor)).await;
    list.check("pages", DOCS_LOGS, check_pages(visitor)).await;
    list.check(
        "unknown-path",
        "the route $default of the HTTP API: it leads to api-docs",
        check_unknown_path(visitor),
    )
    .await;
    list.check(
        "errors",
        "the route of /v1/auth, and the log of the function api-identity",
        check_errors(visitor),
    )
    .await;
    list.check(
        "cors",
        "the parameter AllowedOrigins; the HTTP API has no CORS settings",
        check_cors(visitor, origin),
    )
    .await;
}

fn check_health(alive: &SmokeResponse) -> anyhow::Result<CheckOutcome> {
    let body = alive.ok(200)?;
    ensure!(body["status"] == "healthy", "it says {body}");
    Ok(CheckOutcome::with_summary(format!(
        "{}, version {}",
        alive.status_and_time(),
        text_field(&body, "version")?
    )))
}

async fn check_ready(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let answer = visitor.get("/ready").await?;
    let body = answer.ok(200)?;
    ensure!(body["checks"]["table"] == true, "the table does not answer: {body}");
    Ok(CheckOutcome::with_summary(format!("{}, the table answers", answer.status_and_time())))
}

fn check_headers(answer: &SmokeResponse, loopback: bool) -> anyhow::Result<CheckOutcome> {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        ensure!(answer.header(name) == Some(value), "{name} is {:?}, not {value}", answer.header(name));
    }
    let id = answer.header("x-request-id").filter(|id| !id.is_empty());
    let id = id.context("there is no x-request-id")?;
    ensure!(
        loopback || answer.header("x-colloquy-cost").is_none(),
        "x-colloquy-cost is shown to strangers: SHOW_COST is for the local cloud"
    );
    Ok(CheckOutcome::with_summary(format!("nosniff, no-referrer, no-store; x-request-id {id}")))
}

async fn check_documents(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let openapi = visitor.get("/openapi.json").await?;
    if is_hidden(&openapi) {
        return Ok(CheckOutcome::with_summary("not shown here (ShowDocs)"));
    }
    let openapi = openapi.ok(200)?;
    let paths = openapi["paths"].as_object().context("/openapi.json has no paths")?.len();
    let asyncapi = visitor.get("/asyncapi.json").await?.ok(200)?;
    ensure!(asyncapi["asyncapi"].is_string(), "/asyncapi.json is none");
    let home = openapi["servers"][0]["url"].as_str().unwrap_or_default();
    let home = if home == visitor.base() { String::new() } else { format!("; says it is at {home}") };
    Ok(CheckOutcome::with_summary(format!("OpenAPI of {paths} paths, AsyncAPI{home}")))
}

async fn check_pages(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let page = visitor.get("/docs").await?;
    if is_hidden(&page) {
        return Ok(CheckOutcome::with_summary("not shown here (ShowDocs)"));
    }
    ensure!(page.status == 200, "/docs answers {}", page.status);
    let is_html = |answer: &SmokeResponse| {
        answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    };
    ensure!(is_html(&page), "/docs is no page but {:?}", page.header("content-type"));
    let script = visitor.get("/docs/swagger-ui-bundle.js").await?;
    ensure!(script.status == 200, "/docs/swagger-ui-bundle.js answers {}", script.status);
    // a mapping that takes binary answers for text, or the reverse, shows here
    ensure!(script.text.contains("SwaggerUI"), "/docs/swagger-ui-bundle.js came through as something else");
    Ok(CheckOutcome::with_summary(format!("/docs, its script has {} KB", script.text.len() / 1_024)))
}

/// `ShowDocs` is off.
fn is_hidden(answer: &SmokeResponse) -> bool {
    answer.refused(404, "RESOURCE_NOT_FOUND").is_ok()
}

async fn check_unknown_path(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let answer = visitor.get("/there/is/no-such-path").await?;
    let body = answer.refused(404, "RESOURCE_NOT_FOUND")?;
    Ok(CheckOutcome::with_summary(format!("404 of ours, request_id {}", text_field(&body, "request_id")?)))
}

async fn check_errors(visitor: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let nothing = visitor.post("/v1/auth/register", &json!({ "email": "no address" })).await?;
    let body = nothing.refused(422, "VALIDATION_ERROR")?;
    let fields = body["fields"].as_array().context("it names no fields")?.iter();
    let fields: Vec<&str> = fields.filter_map(|field| field["field"].as_str()).collect();
    ensure!(fields.contains(&"password"), "the fields it names are {fields:?}");
    let stranger = visitor.with_token("not.a.token").get("/v1/users/me").await?;
    stranger.refused(401, "UNAUTHORIZED")?;
    Ok(CheckOutcome::with_summary(format!("422 names {}, 401 for a bad token", fields.join(", "))))
}

async fn check_cors(visitor: &SmokeClient, origin: Option<&str>) -> anyhow::Result<CheckOutcome> {
    let stranger = send_preflight(visitor, "https://stranger.example").await?;
    let allowed = stranger.header("access-control-allow-origin");
    ensure!(allowed.is_none(), "pages of any origin are let in: {allowed:?}");
    let Some(origin) = origin else {
        return Ok(CheckOutcome::with_summary("a strange origin is not let in (--origin NAMES one that is)"));
    };
    let answer = send_preflight(visitor, origin).await?;
    let header = |name| answer.header(name).unwrap_or_default();
    ensure!(
        header("access-control-allow-origin") == origin
            && header("access-control-allow-credentials") == "true",
        "{origin} is not let in: {} {:?}",
        answer.status,
        answer.headers
    );
    for (name, wanted) in [
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-headers", "x-csrf"),
        ("access-control-allow-methods", "DELETE"),
    ] {
        ensure!(header(name).contains(wanted), "{name} is {:?}, without {wanted}", header(name));
    }
    Ok(CheckOutcome::with_summary(format!("{origin} is let in, a strange origin is not")))
}

async fn send_preflight(visitor: &SmokeClient, origin: &str) -> anyhow::Result<SmokeResponse> {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = visitor.send_json(Method::OPTIONS, "/v1/auth/login", None, &headers).await?;
    ensure!(answer.status == 204, "a preflight is answered {} {}", answer.status, answer.text);
    Ok(answer)
}
