use reqwest::Method;
use serde_json::json;

use crate::world::{ApiResponse, World};

/// Returns the cookies that a response sets, as a browser sends them back.
fn cookie_header(answer: &ApiResponse) -> String {
    answer.cookies().iter().map(|(name, value, _)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn cookies_need_csrf_proof() {
    let Some(world) = World::local_only("origins").await else { return };
    let ana = world.user("ana").await;
    let login = json!({ "email": ana.email, "password": ana.password });
    let browser = world.anonymous();
    let cookies = cookie_header(&browser.post("/v1/auth/login", &login).await);
    assert!(cookies.contains("__Host-access=") && cookies.contains("__Host-refresh="), "{cookies}");
    let write = |headers: &[(&str, &str)]| {
        let body = json!({ "title": "Herons" });
        let mut ask =
            browser.request(Method::POST, "/v1/presentations").header("cookie", &cookies).json(&body);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        ask.send()
    };

    // reading needs no proof
    browser.request(Method::GET, "/v1/auth/me").header("cookie", &cookies).send().await.ok(200);
    let (proof, page) = (("x-csrf", "1"), ("origin", "http://localhost:5173"));
    let cross_site = ("sec-fetch-site", "cross-site");
    for (name, headers) in [
        ("proof without an origin", &[proof][..]),
        ("proof of an allowed page", &[page, proof]),
        ("proof of the API's own page", &[("origin", world.url()), proof]),
    ] {
        write(headers).await.in_row(name).ok(201);
    }
    for (name, headers) in [
        ("no header", &[][..]),
        ("an allowed page without proof", &[page]),
        ("a foreign page", &[("origin", "https://evil.example"), proof]),
        ("a page without an origin", &[("origin", "null"), proof]),
        ("a request across sites", &[cross_site, proof]),
        ("an allowed page across sites", &[page, cross_site, proof]),
    ] {
        write(headers).await.in_row(name).refused(403, "CSRF_REFUSED");
    }
    // a bearer token needs no proof, regardless of cookies
    let bearer = ana.client.request(Method::POST, "/v1/presentations").header("cookie", &cookies);
    bearer.header("origin", "https://evil.example").json(&json!({ "title": "Herons" })).send().await.ok(201);

    // the refresh cookie with the proof is enough for a new pair
    let refresh =
        browser.request(Method::POST, "/v1/auth/refresh").header("cookie", &cookies).json(&json!({}));
    refresh.send().await.refused(403, "CSRF_REFUSED");
    let refresh =
        browser.request(Method::POST, "/v1/auth/refresh").header("cookie", &cookies).json(&json!({}));
    let renewed = refresh.header("x-csrf", "1").send().await;
    renewed.ok(200);
    let cookies = cookie_header(&renewed);

    // logging out deletes the cookies
    let out = browser
        .request(Method::POST, "/v1/auth/logout")
        .header("cookie", &cookies)
        .header("x-csrf", "1")
        .send()
        .await;
    out.ok(204);
    assert!(
        out.cookies()
            .iter()
            .all(|(_, value, attributes)| value.is_empty() && attributes.contains("Max-Age=0"))
    );
    browser
        .request(Method::GET, "/v1/auth/me")
        .header("cookie", &cookies)
        .send()
        .await
        .refused(401, "UNAUTHORIZED");
}

/// A foreign page cannot log its visitors in to another account. The tokens in the body are of no use to it, because it cannot
/// read the response.
#[tokio::test]
async fn a_foreign_page_gets_no_cookies() {
    struct Row {
        name: &'static str,
        headers: &'static [(&'static str, &'static str)],
        is_form: bool,
        gets_cookies: bool,
    }
    const fn row(
        name: &'static str,
        headers: &'static [(&'static str, &'static str)],
        is_form: bool,
        gets_cookies: bool,
    ) -> Row {
        Row { name, headers, is_form, gets_cookies }
    }
    let rows = [
        row("no browser", &[], false, true),
        row("our page", &[("sec-fetch-site", "same-origin")], false, true),
        row("a page of an allowed origin", &[("origin", "http://localhost:5173")], false, true),
        row("a foreign page", &[("origin", "https://evil.example")], false, false),
        row("a sandboxed frame", &[("origin", "null")], false, false),
        row("a foreign page without origin", &[("sec-fetch-site", "cross-site")], false, false),
        row("a page of a neighbouring host", &[("sec-fetch-site", "same-site")], false, false),
        row("a form", &[], true, false),
        row("a form of a foreign page", &[("origin", "https://evil.example")], true, false),
    ];
    let Some(world) = World::local_only("origins").await else { return };
    let ana = world.user("ana").await;
    let login = json!({ "username": ana.email, "password": ana.password });
    let form = format!("username={}&password={}", ana.email, ana.password.replace(' ', "+"));
    for Row { name, headers, is_form, gets_cookies } in rows {
        let browser = world.anonymous();
        let ask = browser.request(Method::POST, "/v1/auth/login");
        let ask = if is_form {
            ask.file("application/x-www-form-urlencoded", form.as_bytes())
        } else {
            ask.json(&login)
        };
        let ask = headers.iter().fold(ask, |ask, (header, value)| ask.header(header, value));
        let answer = ask.send().await;
        answer.ok(200);
        assert_eq!(!answer.cookies().is_empty(), gets_cookies, "{name}");
    }
}

/// Exact origins, credentials, and the same headers on errors (RELIABILITY 14).
#[tokio::test]
async fn only_allowed_origins_may_call_the_api() {
    let Some(world) = World::local_only("origins").await else { return };
    let page = |origin: &'static str, method: Method, path: &'static str| {
        let ask = world.anonymous().request(method, path).header("origin", origin);
        ask.header("access-control-request-method", "POST")
    };
    let preflight = page("http://localhost:5173", Method::OPTIONS, "/v1/presentations").send().await;
    assert!((200..300).contains(&preflight.status), "{}", preflight.status);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("http://localhost:5173"));
    assert_eq!(preflight.header("access-control-allow-credentials"), Some("true"));
    let allowed = preflight.header("access-control-allow-headers").unwrap().to_lowercase();
    for header in ["authorization", "content-type", "idempotency-key", "x-csrf"] {
        assert!(allowed.contains(header), "{allowed}");
    }
    let foreign = page("https://evil.example", Method::OPTIONS, "/v1/presentations").send().await;
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    for (path, status) in [("/v1/auth/me", 401), ("/v1/nothing/here", 404), ("/health", 200)] {
        let ours = page("http://127.0.0.1:3000", Method::GET, path).send().await;
        assert_eq!(
            (ours.status, ours.header("access-control-allow-origin")),
            (status, Some("http://127.0.0.1:3000")),
            "{path} for an allowed page"
        );
        let theirs = page("https://evil.example", Method::GET, path).send().await;
        let origin = theirs.header("access-control-allow-origin");
        assert_eq!((theirs.status, origin), (status, None), "{path} for a foreign page");
    }
}
