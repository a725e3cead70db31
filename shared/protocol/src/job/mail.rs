//! Jobs of e-mail.

use model::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::{Job, Queue};

/// Send one e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMail {
    /// The same mail is sent once, however often the job is delivered.
    pub id: String,
    pub user: UserId,
    #[serde(rename = "letter")]
    pub template: EmailTemplate,
}

impl Job for SendMail {
    const NAME: &'static str = "send_mail.v1";
    const QUEUE: Queue = Queue::Mail;
}

/// What the mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum EmailTemplate {
    PasswordReset {
        /// The token itself: the table holds only its hash. Queues are encrypted at rest.
        token: String,
    },
    PasswordChanged,
    /// The report of a session can be read.
    ReportReady {
        session: SessionId,
        title: String,
    },
    /// Mentions that somebody has missed, newest first.
    MentionDigest {
        mentions: Vec<EmailMention>,
        /// How many there are beside these.
        more: usize,
    },
}

/// A line of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailMention {
    /// `None` where it is a direct one.
    pub channel: Option<String>,
    /// The name of whoever wrote it.
    pub from: String,
    /// How it begins.
    pub text: String,
}
