use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, RawMessage};
use aws_sdk_sesv2::{operation::send_email::builders::SendEmailFluentBuilder, primitives::Blob};

use crate::world::{EmulatorWorld, START_MILLIS};

fn text(data: &str) -> Content {
    Content::builder().data(data).build().unwrap()
}

fn header(name: &str, value: &str) -> MessageHeader {
    MessageHeader::builder().name(name).value(value).build().unwrap()
}

fn to(send: SendEmailFluentBuilder, address: &str) -> SendEmailFluentBuilder {
    send.destination(Destination::builder().to_addresses(address).build())
}

#[tokio::test]
async fn an_email_is_stored_with_its_links() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let body = Body::builder()
        .text(text("Reset it here: https://example.com/reset?token=abc.\nBye"))
        .html(text("<a href=\"https://example.com/other\">Reset</a>"))
        .build();
    let unsubscribe = header("List-Unsubscribe", "<https://example.com/unsubscribe?token=x>");
    let message = Message::builder().subject(text("Your password")).body(body).headers(unsubscribe).build();
    let mail = world.ses().send_email().from_email_address("Colloquy <no-reply@example.com>");
    let mail = to(mail, "Ana <ana@example.com>").configuration_set_name("ignored");
    let sent = mail.content(EmailContent::builder().simple(message).build()).send().await.unwrap();

    let outbox = world.emulator.ses();
    let mail = outbox.newest_to("ANA@example.com").unwrap();
    assert_eq!(Some(mail.id.as_str()), sent.message_id());
    assert_eq!((mail.at_ms, &*mail.subject), (START_MILLIS, "Your password"));
    assert_eq!(mail.links, ["https://example.com/reset?token=abc"]);
    assert_eq!(mail.html.as_deref(), Some("<a href=\"https://example.com/other\">Reset</a>"));
    assert_eq!(mail.header("list-unsubscribe"), Some("<https://example.com/unsubscribe?token=x>"));
    assert_eq!(mail.header("List-Unsubscribe-Post"), None);
    assert!(outbox.newest_to("ben@example.com").is_none());
    assert_eq!(outbox.emails().len(), 1);
}

#[tokio::test]
async fn invalid_emails_are_refused() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let message = Message::builder().subject(text("s")).body(Body::builder().text(text("t")).build()).build();
    let with_header = |name: &str, value: &str| {
        let body = Body::builder().text(text("t")).build();
        let message = Message::builder().subject(text("s")).body(body).headers(header(name, value)).build();
        EmailContent::builder().simple(message).build()
    };
    let simple = EmailContent::builder().simple(message).build();
    let from = || world.ses().send_email().from_email_address("no-reply@example.com");
    let raw = RawMessage::builder().data(Blob::new("x")).build().unwrap();
    let raw = EmailContent::builder().raw(raw).build();
    for send in [
        from().content(simple.clone()),
        to(from(), "nobody").content(simple.clone()),
        to(world.ses().send_email(), "ana@example.com").content(simple),
        to(from(), "ana@example.com").content(raw),
        to(from(), "ana@example.com").content(with_header("X: Y", "z")),
        to(from(), "ana@example.com").content(with_header("X", "a\r\nBcc: eve@example.com")),
        to(from(), "ana@example.com").content(with_header("X", &"a".repeat(996))),
    ] {
        let error = send.send().await.unwrap_err().into_service_error();
        assert!(error.is_bad_request_exception(), "{error:?}");
    }
    assert!(world.emulator.ses().emails().is_empty());
}
