use model::user::EmailAddress;
use protocol::job::{
    AccountChanged, EmailTemplate, EndLogin, EndLogins, MailRecipient, SendMail, SessionEndRequested,
};
use serde_json::{Value, json};

use super::{ONE, TWO, check_job, id};

pub(super) fn jobs() {
    check_job(&EndLogin { user: id(1), login: id(2) }, "end_login.v1", json!({ "user": ONE, "login": TWO }));
    let revoked = EndLogins { user: id(1), revocation: id(2) };
    check_job(&revoked, "end_logins.v1", json!({ "user": ONE, "revocation": TWO }));
    check_job(&AccountChanged { user: id(1) }, "account_changed.v1", json!({ "user": ONE }));
    let end = SessionEndRequested { session: id(1) };
    check_job(&end, "session_end_requested.v1", json!({ "session": ONE }));
    let mail = |letter: EmailTemplate, golden: Value| {
        let mail = SendMail { id: "m".into(), to: MailRecipient::User(id(2)), template: letter };
        check_job(&mail, "send_mail.v1", json!({ "id": "m", "user": TWO, "letter": golden }));
    };
    let reset = json!({ "letter": "password_reset", "token": "t" });
    mail(EmailTemplate::PasswordReset { token: "t".into() }, reset);
    mail(EmailTemplate::PasswordChanged, json!({ "letter": "password_changed" }));
    let ready = json!({ "letter": "report_ready", "session": ONE, "title": "Herons" });
    mail(EmailTemplate::ReportReady { session: id(1), title: "Herons".into(), token: None }, ready);
    let ready = json!({ "letter": "report_ready", "session": ONE, "title": "Herons", "token": "t" });
    mail(
        EmailTemplate::ReportReady { session: id(1), title: "Herons".into(), token: Some("t".into()) },
        ready,
    );
    let to_address = |letter: EmailTemplate, golden: Value| {
        let to = MailRecipient::Address(EmailAddress::parse("ana@example.com").unwrap());
        let mail = SendMail { id: "m".into(), to, template: letter };
        let golden = json!({ "id": "m", "address": "ana@example.com", "letter": golden });
        check_job(&mail, "send_mail.v1", golden);
    };
    let proof = json!({ "letter": "email_verification", "code": "012345", "token": "t" });
    to_address(EmailTemplate::EmailVerification { code: Some("012345".into()), token: "t".into() }, proof);
    let invited = json!({ "letter": "invitation", "token": "t" });
    to_address(EmailTemplate::Invitation { token: "t".into() }, invited);
    to_address(EmailTemplate::EmailChanged, json!({ "letter": "email_changed" }));
}
