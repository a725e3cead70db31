//! SESv2's `SendEmail`. E-mail is stored and never delivered.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    TimeSource, aws_response,
    iam::{self, AccessRequest, ContextKey, IamGuard},
    ids,
    journal::Journal,
};

/// An e-mail as SES received it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SentEmail {
    /// The message id of SES.
    pub id: String,
    pub at_ms: i64,
    pub from: String,
    /// All recipients, with Cc and Bcc.
    pub to: Vec<String>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    /// Headers that the sender added, such as `List-Unsubscribe`.
    #[serde(default)]
    pub headers: Vec<SentHeader>,
    /// The http(s) links in the text, in order. If the e-mail has no text, the links in the HTML.
    pub links: Vec<String>,
}

/// A header of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentHeader {
    #[serde(alias = "Name")]
    pub name: String,
    #[serde(alias = "Value")]
    pub value: String,
}

/// The maximum number of headers that a sender adds (API reference of SESv2, `Message`).
const MAX_HEADERS: usize = 15;

impl SentHeader {
    /// Returns whether SES accepts the header (API reference of SESv2, `MessageHeader`).
    fn is_valid(&self) -> bool {
        let is_name = |byte: u8| (b'!'..=b'~').contains(&byte) && byte != b':';
        let is_value = |byte: u8| (b' '..=b'~').contains(&byte);
        (1..=126).contains(&self.name.len())
            && self.name.bytes().all(is_name)
            && self.value.bytes().all(is_value)
            && self.name.len() + self.value.len() <= 996
    }
}

impl SentEmail {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.as_str())
    }
}

/// The sent e-mails. Clones share one list.
#[derive(Clone)]
pub struct EmulatedSes {
    state: Arc<Mutex<SesState>>,
    now: TimeSource,
}

struct SesState {
    emails: Vec<SentEmail>,
    journal: Option<Journal>,
}

impl EmulatedSes {
    pub(crate) fn open(dir: Option<&Path>, now: TimeSource) -> anyhow::Result<Self> {
        let (journal, mails) = match dir {
            Some(dir) => {
                let (journal, mails) = Journal::open(&dir.join("mail.jsonl"))?;
                (Some(journal), mails)
            }
            None => (None, Vec::new()),
        };
        Ok(Self { state: Arc::new(Mutex::new(SesState { emails: mails, journal })), now })
    }

    /// All sent e-mails, the oldest first.
    pub fn emails(&self) -> Vec<SentEmail> {
        self.state().emails.clone()
    }

    /// The newest e-mail to an address. Display name and case are ignored.
    pub fn newest_to(&self, address: &str) -> Option<SentEmail> {
        let to = |recipient: &String| {
            address_without_name(recipient).eq_ignore_ascii_case(address_without_name(address))
        };
        self.state().emails.iter().rev().find(|mail| mail.to.iter().any(to)).cloned()
    }

    fn store(&self, mail: SentEmail) -> anyhow::Result<()> {
        let mut kept = self.state();
        if let Some(journal) = &mut kept.journal {
            journal.append(std::slice::from_ref(&mail)).context("cannot keep mail")?;
        }
        kept.emails.push(mail);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, SesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address in `Name <address>`.
fn address_without_name(address: &str) -> &str {
    match address.rsplit_once('<') {
        Some((_, address)) => address.trim_end_matches('>').trim(),
        None => address.trim(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendEmailInput {
    from_email_address: Option<String>,
    destination: Option<SesDestination>,
    content: SesContent,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SesDestination {
    #[serde(rename = "ToAddresses")]
    to: Vec<String>,
    #[serde(rename = "CcAddresses")]
    cc: Vec<String>,
    #[serde(rename = "BccAddresses")]
    bcc: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesContent {
    simple: Option<SesMessage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesMessage {
    subject: SesText,
    body: SesBody,
    #[serde(default)]
    headers: Vec<SentHeader>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesBody {
    text: Option<SesText>,
    html: Option<SesText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SesText {
    data: String,
}

/// Handles `POST /v2/email/outbound-emails`.
pub(crate) async fn send_email(
    State((ses, guard)): State<(EmulatedSes, IamGuard)>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> Response {
    let caller = match guard.caller(&headers) {
        Ok(caller) => caller,
        Err(refusal) => return aws_response::rest_refusal_response(&refusal),
    };
    let bad_request =
        |message: String| aws_response::rest_error(StatusCode::BAD_REQUEST, "BadRequestException", &message);
    let input: SendEmailInput = match serde_json::from_slice(&body) {
        Ok(input) => input,
        Err(error) => return bad_request(error.to_string()),
    };
    let Some(simple) = input.content.simple else {
        return bad_request("Only simple content is emulated here.".to_owned());
    };
    let Some(from) = input.from_email_address else {
        return bad_request("Missing required header 'From'.".to_owned());
    };
    // SES checks the identity of the address even if its whole domain is verified
    let resource = iam::arn("ses", format_args!("identity/{}", address_without_name(&from)));
    let context = Some((ContextKey::FromAddress, vec![address_without_name(&from).to_owned()]));
    if let Err(refusal) =
        caller.authorize(&AccessRequest { action: "ses:SendEmail", resource: &resource, context })
    {
        return aws_response::rest_refusal_response(&refusal);
    }
    let SesDestination { mut to, cc, bcc } = input.destination.unwrap_or_default();
    to.extend(cc);
    to.extend(bcc);
    if to.is_empty() {
        return bad_request("Destination has no recipients.".to_owned());
    }
    // 50 recipients and 40 MB a message (SES quotas)
    if to.len() > 50 {
        return bad_request("Recipient count exceeds 50.".to_owned());
    }
    if let Some(address) =
        std::iter::once(&from).chain(&to).find(|address| !address_without_name(address).contains('@'))
    {
        return bad_request(format!("Missing final '@domain' in {address:?}."));
    }
    let text = simple.body.text.map(|content| content.data);
    let html = simple.body.html.map(|content| content.data);
    if text.is_none() && html.is_none() {
        return bad_request("Body has neither text nor HTML.".to_owned());
    }
    let headers = simple.headers;
    if headers.len() > MAX_HEADERS || !headers.iter().all(SentHeader::is_valid) {
        return bad_request("A header is invalid.".to_owned());
    }
    let at_ms = (ses.now)();
    let links = match (&text, &html) {
        (Some(text), _) => links_in(text),
        (None, Some(html)) => links_in(&html.replace("&amp;", "&")),
        (None, None) => Vec::new(),
    };
    let email = SentEmail {
        id: ids::message_id(at_ms),
        at_ms,
        from,
        to,
        subject: simple.subject.data,
        text,
        html,
        headers,
        links,
    };
    let id = email.id.clone();
    match ses.store(email) {
        Ok(()) => Json(json!({ "MessageId": id })).into_response(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "e-mail not stored");
            aws_response::rest_error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServiceErrorException",
                "The e-mail was not stored.",
            )
        }
    }
}

fn links_in(text: &str) -> Vec<String> {
    let ends_link = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'');
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("http") {
        rest = &rest[start..];
        let link = rest.split(ends_link).next().unwrap_or_default();
        rest = &rest[link.len().max(4)..];
        if link.starts_with("http://") || link.starts_with("https://") {
            found.push(link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']).to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_end_where_a_reader_would_end_them() {
        assert_eq!(
            links_in(
                "Open https://a.example/reset?token=x-1&y=2.\n(or http://localhost:8000/) http is not one"
            ),
            ["https://a.example/reset?token=x-1&y=2", "http://localhost:8000/"]
        );
        assert_eq!(links_in(r#"<a href="https://a.example/x">here</a>"#), ["https://a.example/x"]);
        assert!(links_in("").is_empty());
    }

    #[test]
    fn an_address_is_read_without_its_display_name() {
        assert_eq!(address_without_name("Ana <ana@example.com>"), "ana@example.com");
        assert_eq!(address_without_name("ana@example.com"), "ana@example.com");
    }
}
