//! Jobs of e-mail.

use model::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::{Job, Queue};

/// Send one e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMail {
    /// The key of the e-mail. It is sent once, even if the job is delivered several times.
    pub id: String,
    pub user: UserId,
    #[serde(rename = "letter")]
    pub template: EmailTemplate,
}

impl Job for SendMail {
    const NAME: &'static str = "send_mail.v1";
    const QUEUE: Queue = Queue::Mail;
}

/// The content of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum EmailTemplate {
    PasswordReset {
        /// The token. The table holds only its hash, and queues are encrypted at rest.
        token: String,
    },
    PasswordChanged,
    /// The report of a session is ready.
    ReportReady {
        session: SessionId,
        title: String,
        /// The token of the link. Without it, the reader must sign in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Mentions that the user has missed, newest first.
    MentionDigest {
        mentions: Vec<EmailMention>,
        /// The number of further mentions.
        more: usize,
    },
}

/// A line of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailMention {
    /// The name of the channel. `None` for a direct channel.
    pub channel: Option<String>,
    /// The name of the author.
    pub from: String,
    /// The beginning of the message.
    pub text: String,
}
