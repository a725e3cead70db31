//! Checks an account from sign-up to token refresh, and its deletion.

use anyhow::{Context, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    checklist::{CheckOutcome, Checklist},
    smoke_client::{SmokeClient, SmokeResponse, text_field},
};

const IDENTITY_LOGS: &str = "the log of the function api-identity";

/// The account that presents.
pub(super) struct SmokeAccount {
    /// A client with the newest access token.
    pub(super) client: SmokeClient,
    id: String,
    password: String,
    refresh_token: String,
}

struct RegisteredAccount {
    account: SmokeAccount,
    email: String,
    cookies: String,
    /// With `--mailbox`, the address was registered already.
    had_account: bool,
}

/// Runs the checks of an account. Returns `None` if no account could be created.
pub(super) async fn sign_up_and_check(
    list: &mut Checklist<'_>,
    client: &SmokeClient,
    mailbox: Option<&str>,
) -> Option<SmokeAccount> {
    let look_at = format!("{IDENTITY_LOGS}; the table, and the permissions of its role");
    let registered = list.check("register", &look_at, register_account(client, mailbox)).await?;
    let RegisteredAccount { mut account, email, cookies, had_account } = registered;
    list.check(
        "keys",
        "the secret SigningSecret, and whether all functions have its current version",
        check_published_key(client, &account),
    )
    .await;
    let cookies = request_with_cookies(client, &cookies, &account.id);
    list.check("cookies", "proxies in front of API Gateway, which must not change Set-Cookie", cookies).await;
    let login = list.check("log-in", IDENTITY_LOGS, log_in(client, &email, &account.password)).await;
    if let Some((access, refresh)) = login {
        account.client = client.with_token(&access);
        account.refresh_token = refresh;
    }
    if let Some((access, refresh)) =
        list.check("refresh", IDENTITY_LOGS, refresh_tokens(client, &account)).await
    {
        account.client = client.with_token(&access);
        account.refresh_token = refresh;
    }
    list.check("me", IDENTITY_LOGS, check_own_account(&account)).await;
    list.check("staff", "the log of the function api-admin", check_admin_refused(&account)).await;
    if let Some(mailbox) = mailbox {
        let look_at = "MailDeadLetters, the log of worker-mail, and whether MailSender is verified in SES";
        list.check("mail", look_at, check_mail(client, mailbox, had_account)).await;
    }
    Some(account)
}

/// Deletes the account, also after failed checks.
pub(super) async fn delete_account(list: &mut Checklist<'_>, account: &SmokeAccount) {
    let look_at = format!("{IDENTITY_LOGS}; the account {} still exists", account.id);
    let deleted = list.check("delete", &look_at, delete_user(account)).await;
    if deleted.is_some() {
        list.check("dead-token", IDENTITY_LOGS, check_token_refused(account)).await;
    }
}

async fn register_account(
    client: &SmokeClient,
    mailbox: Option<&str>,
) -> anyhow::Result<CheckOutcome<RegisteredAccount>> {
    let number: u128 = rand::rng().random();
    let password = format!("smoke {number:032x}");
    let generated = crate::unbounced_address(&format!("smoke-{number:032x}"));
    let mut email = mailbox.unwrap_or(&generated);
    let mut answer = sign_up(client, email, &password).await?;
    let taken = mailbox.is_some() && answer.refused(409, "EMAIL_TAKEN").is_ok();
    if taken {
        email = &generated;
        answer = sign_up(client, email, &password).await?;
    }
    let body = answer.ok(201)?;
    let account = SmokeAccount {
        client: client.with_token(text_field(&body, "access_token")?),
        id: text_field(&body["user"], "id")?.to_owned(),
        password,
        refresh_token: text_field(&body, "refresh_token")?.to_owned(),
    };
    let summary = format!("{}, {email}", answer.status_and_time());
    Ok(CheckOutcome::with_value(
        summary,
        RegisteredAccount {
            account,
            email: email.to_owned(),
            cookies: cookie_header(&answer)?,
            had_account: taken,
        },
    ))
}

async fn sign_up(client: &SmokeClient, email: &str, password: &str) -> anyhow::Result<SmokeResponse> {
    let body = json!({ "email": email, "password": password, "name": "Smoke" });
    client.post("/v1/auth/register", &body).await
}

/// The `Cookie` header that a browser would send.
fn cookie_header(answer: &SmokeResponse) -> anyhow::Result<String> {
    let mut pairs = Vec::new();
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().context("a cookie is not text")?;
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let name = pair.split('=').next().unwrap_or_default();
        for wanted in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            ensure!(attributes.contains(wanted), "the cookie {name} lacks {wanted}");
        }
        pairs.push(pair.to_owned());
    }
    ensure!(
        pairs.len() == 2,
        "{} cookies were set instead of 2: a proxy may have merged the headers",
        pairs.len()
    );
    Ok(pairs.join("; "))
}

/// Checks that the key of an access token is published.
async fn check_published_key(client: &SmokeClient, account: &SmokeAccount) -> anyhow::Result<CheckOutcome> {
    let body = client.get("/.well-known/jwks.json").await?.ok(200)?;
    let published = body["keys"].as_array().context("the response has no keys")?;
    let token = account.client.token().unwrap_or_default();
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap_or_default());
    let header: Value = serde_json::from_slice(&header.context("the token is not a JWT")?)?;
    let kid = text_field(&header, "kid")?;
    let found = published.iter().any(|key| key["kid"] == kid && key["crv"] == "Ed25519");
    ensure!(
        found,
        "tokens are signed with {kid}, which is not one of the {} published keys",
        published.len()
    );
    Ok(CheckOutcome::with_summary(format!(
        "{} keys published, tokens are signed with {kid}",
        published.len()
    )))
}

async fn request_with_cookies(client: &SmokeClient, cookies: &str, id: &str) -> anyhow::Result<CheckOutcome> {
    let answer = client.send_json(Method::GET, "/v1/users/me", None, &[("cookie", cookies)]).await?;
    ensure!(answer.ok(200)?["id"] == id, "the cookies belong to another account");
    let body = json!({ "name": "Smoke" });
    let forged = client.send_json(Method::PATCH, "/v1/users/me", Some(&body), &[("cookie", cookies)]).await?;
    forged.refused(403, "CSRF_REFUSED")?;
    Ok(CheckOutcome::with_summary(
        "Secure, HttpOnly, SameSite; reads are allowed, writes need the CSRF token",
    ))
}

async fn log_in(
    client: &SmokeClient,
    email: &str,
    password: &str,
) -> anyhow::Result<CheckOutcome<(String, String)>> {
    let wrong = json!({ "email": email, "password": "not the password" });
    client.post("/v1/auth/login", &wrong).await?.ok(401).context("with a wrong password")?;
    let right = json!({ "email": email, "password": password });
    let answer = client.post("/v1/auth/login", &right).await?;
    Ok(CheckOutcome::with_value(answer.status_and_time(), token_pair(&answer)?))
}

async fn refresh_tokens(
    client: &SmokeClient,
    account: &SmokeAccount,
) -> anyhow::Result<CheckOutcome<(String, String)>> {
    let body = json!({ "refresh_token": account.refresh_token });
    let answer = client.post("/v1/auth/refresh", &body).await?;
    let (access, refresh) = token_pair(&answer)?;
    ensure!(refresh != account.refresh_token, "the refresh token was not replaced");
    Ok(CheckOutcome::with_value(answer.status_and_time(), (access, refresh)))
}

fn token_pair(answer: &SmokeResponse) -> anyhow::Result<(String, String)> {
    let body = answer.ok(200)?;
    Ok((text_field(&body, "access_token")?.to_owned(), text_field(&body, "refresh_token")?.to_owned()))
}

async fn check_own_account(account: &SmokeAccount) -> anyhow::Result<CheckOutcome> {
    let answer = account.client.get("/v1/users/me").await?;
    ensure!(answer.ok(200)?["id"] == account.id, "the response is another account");
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}

/// Checks that an account without a role cannot list accounts.
async fn check_admin_refused(account: &SmokeAccount) -> anyhow::Result<CheckOutcome> {
    account.client.get("/v1/admin/users").await?.refused(403, "FORBIDDEN")?;
    Ok(CheckOutcome::with_summary("only staff can list accounts"))
}

async fn check_mail(client: &SmokeClient, mailbox: &str, taken: bool) -> anyhow::Result<CheckOutcome> {
    let answer = client.post("/v1/auth/password-reset", &json!({ "email": mailbox })).await?;
    answer.ok(200)?;
    let link = if taken {
        "its link is for your existing account"
    } else {
        "its link will not work, because the account is deleted"
    };
    Ok(CheckOutcome::with_summary(format!("look for a password reset in {mailbox} now; {link}")))
}

async fn delete_user(account: &SmokeAccount) -> anyhow::Result<CheckOutcome> {
    let body = json!({ "password": account.password });
    let answer = account.client.delete("/v1/users/me", Some(&body)).await?;
    answer.ok(204)?;
    Ok(CheckOutcome::with_summary(answer.status_and_time()))
}

async fn check_token_refused(account: &SmokeAccount) -> anyhow::Result<CheckOutcome> {
    account.client.get("/v1/users/me").await?.refused(401, "UNAUTHORIZED").context("the access token")?;
    let body = json!({ "refresh_token": account.refresh_token });
    let refreshed = account.client.post("/v1/auth/refresh", &body).await?;
    refreshed.refused(401, "UNAUTHORIZED").context("the refresh token")?;
    Ok(CheckOutcome::with_summary("both tokens of the deleted account are refused"))
}
