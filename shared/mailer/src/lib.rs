//! Renders ([`templates`]) and sends e-mails. The only crate that calls SES.

pub mod templates;

use aws_sdk_sesv2::{
    Client,
    error::DisplayErrorContext,
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader},
};
use model::Error;

/// An e-mail that is ready to be sent.
#[derive(Clone, Debug)]
pub struct RenderedEmail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The URL that turns off this kind of e-mail by one POST. Mail programs show a button for it (RFC 2369, RFC 8058).
    pub one_click_unsubscribe: Option<String>,
}

/// Sends e-mails from the sender address of a deployment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    sender: String,
}

impl Mailer {
    pub const fn new(client: Client, sender: String) -> Self {
        Self { client, sender }
    }

    pub async fn send(&self, mail: RenderedEmail) -> Result<(), Error> {
        let content = |data: String| Content::builder().data(data).charset("UTF-8").build();
        let body = Body::builder()
            .text(content(mail.text).map_err(Error::internal)?)
            .html(content(mail.html).map_err(Error::internal)?)
            .build();
        let mut message =
            Message::builder().subject(content(mail.subject).map_err(Error::internal)?).body(body);
        if let Some(url) = mail.one_click_unsubscribe {
            for (name, value) in [
                ("List-Unsubscribe", format!("<{url}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ] {
                let header = MessageHeader::builder().name(name).value(value).build();
                message = message.headers(header.map_err(Error::internal)?);
            }
        }
        let message = message.build();
        self.client
            .send_email()
            .from_email_address(&self.sender)
            .destination(Destination::builder().to_addresses(mail.to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| Error::unavailable("mail", DisplayErrorContext(error).to_string()))?;
        Ok(())
    }
}
