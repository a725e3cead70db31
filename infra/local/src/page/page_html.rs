//! Renders the page.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    estimate::RequestUnits,
    page_state::{PageState, QueueState},
};

/// The maximum number of requests and e-mails on the page.
const MAX_ROWS: usize = 60;

pub(super) fn render(state: &PageState) -> String {
    let mut html = String::with_capacity(32 * 1024);
    let url = escape(&state.url);
    html.push_str("<!doctype html><html lang=en><meta charset=utf-8><title>Colloquy, local</title>");
    html.push_str("<meta name=viewport content='width=device-width'>");
    let _ = write!(html, "<style>{}</style>", include_str!("page.css"));
    let _ = write!(
        html,
        "<header><h1>Colloquy, local</h1><a href='/docs'>API</a> <a href='/_local/state.json'>state.json</a> \
         <span class=soft>{url}</span></header><main>"
    );
    render_figures(&mut html, state);
    render_requests(&mut html, state);
    render_mail(&mut html, state);
    render_queues(&mut html, &state.queues);
    render_sockets(&mut html, state);
    render_functions(&mut html, state);
    html.push_str("</main><script src='/_local/page.js'></script></html>");
    html
}

fn render_figures(html: &mut String, state: &PageState) {
    let dead: usize = state.queues.iter().map(|queue| queue.letters.len()).sum();
    let figures = [
        ("requests", state.http_requests.to_string()),
        ("open sockets", state.sockets.len().to_string()),
        ("frames received", state.socket_messages.to_string()),
        ("posts sent", state.posts.to_string()),
        ("e-mails", state.mail.len().to_string()),
        ("dead letters", dead.to_string()),
        ("estimated cost on AWS", format!("${:.6}", state.estimate.total)),
    ];
    html.push_str("<ul class=figures>");
    for (name, figure) in figures {
        let _ = write!(html, "<li><b>{figure}</b><span>{name}</span></li>");
    }
    let _ = write!(
        html,
        "</ul><p class=soft>Local time: {}. <form method=post action='/_local/schedules'><button>run schedules now</button></form></p>",
        clock_time(state.now)
    );
}

fn render_requests(html: &mut String, state: &PageState) {
    html.push_str("<h2>Requests</h2>");
    if state.requests.is_empty() {
        html.push_str("<p class=empty>No requests yet.</p>");
        return;
    }
    html.push_str(
        "<table><tr><th>time<th>request<th>route<th class=n>status<th class=n>ms<th class=n>units<th class=n>table, $ per million</tr>",
    );
    for request in state.requests.iter().take(MAX_ROWS) {
        let bad = if request.status >= 500 { " bad" } else { "" };
        let cost = request.cost.as_deref();
        // dollars for a million such requests, because those for a single request are too few to read
        let dollars =
            cost.map(|cost| format!("{:.2}", RequestUnits::parse(cost).dollars() * 1e6)).unwrap_or_default();
        let _ = write!(
            html,
            "<tr><td class=m>{}<td class=m title='{}'>{} {}<td class=m>{}<td class='n{bad}'>{}<td class=n>{:.1}<td class=n>{}<td class=n>{dollars}</tr>",
            clock_time(request.at),
            escape(&request.request_id),
            escape(&request.method),
            escape(&request.path),
            escape(&request.route),
            request.status,
            request.duration_ms,
            escape(cost.unwrap_or_default()),
        );
    }
    html.push_str("</table>");
}

fn render_mail(html: &mut String, state: &PageState) {
    html.push_str("<h2>E-mail</h2>");
    if state.mail.is_empty() {
        html.push_str("<p class=empty>No e-mail was sent. E-mail is shown here and never delivered.</p>");
    }
    for mail in state.mail.iter().take(MAX_ROWS) {
        let at = Timestamp::from_millisecond(mail.at_ms).map(clock_time).unwrap_or_default();
        let to = escape(&mail.to.join(", "));
        let subject = escape(&mail.subject);
        let _ = write!(html, "<details><summary><code>{at}</code> {to}: <b>{subject}</b>");
        // links that the product put into its own e-mail; other schemes than http(s) are dropped
        for link in mail.links.iter().filter(|link| link.starts_with("http")) {
            let link = escape(link);
            let _ = write!(html, " <a href='{link}'>open</a>");
        }
        let text = mail.text.as_deref().or(mail.html.as_deref()).unwrap_or_default();
        html.push_str("</summary><pre>");
        for header in &mail.headers {
            let _ = writeln!(html, "{}: {}", escape(&header.name), escape(&header.value));
        }
        let _ = write!(html, "{}</pre></details>", escape(text));
    }
}

fn render_queues(html: &mut String, queues: &[QueueState]) {
    html.push_str("<h2>Queues</h2><table><tr><th>queue<th class=n>visible<th class=n>in flight<th class=n>delayed<th></tr>");
    for queue in queues {
        let name = escape(&queue.name);
        let _ = write!(
            html,
            "<tr><td class=m>{name}<td class=n>{}<td class=n>{}<td class=n>{}<td>",
            queue.visible, queue.in_flight, queue.delayed
        );
        if !queue.letters.is_empty() {
            let _ = write!(
                html,
                "<form method=post action='/_local/queues/{name}/redrive'><button>redrive</button></form>"
            );
        }
        for letter in queue.letters.iter().take(MAX_ROWS) {
            let id = escape(&letter.message_id);
            let _ = write!(
                html,
                "<details><summary class=bad>{id}</summary><pre>{}</pre></details>",
                escape(&letter.body)
            );
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

fn render_sockets(html: &mut String, state: &PageState) {
    html.push_str("<h2>Sockets</h2>");
    if state.sockets.is_empty() {
        html.push_str("<p class=empty>No open sockets.</p>");
        return;
    }
    html.push_str("<table><tr><th>connection<th>from<th class=n>age (s)<th class=n>idle (s)</tr>");
    for socket in state.sockets.iter().take(MAX_ROWS) {
        let (id, from, age, silent) = socket.row(state.now.as_millisecond());
        let _ = write!(
            html,
            "<tr><td class=m>{}<td class=m>{from}<td class=n>{age}<td class=n>{silent}</tr>",
            escape(id)
        );
    }
    html.push_str("</table>");
    if state.sockets.len() > MAX_ROWS {
        let _ = write!(html, "<p class=soft>and {} more</p>", state.sockets.len() - MAX_ROWS);
    }
}

fn render_functions(html: &mut String, state: &PageState) {
    html.push_str("<h2>Functions</h2><table><tr><th>function<th class=n>invocations<th class=n>errors<th class=n>total ms<th class=n>MB<th class=n>read units<th class=n>write units</tr>");
    for usage in &state.functions {
        let bad = if usage.errors > 0 { " bad" } else { "" };
        let _ = write!(
            html,
            "<tr><td class=m>{}<td class=n>{}<td class='n{bad}'>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}</tr>",
            escape(&usage.binary),
            usage.invocations,
            usage.errors,
            usage.billed_ms,
            usage.memory_mb,
            usage.table.read_units,
            usage.table.write_units
        );
    }
    html.push_str("</table>");
}

fn clock_time(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// Escapes text and attribute values in single quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn markup_stays_text() {
        assert_eq!(super::escape("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;");
    }
}
