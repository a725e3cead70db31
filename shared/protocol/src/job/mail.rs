//! Jobs of e-mail.

use model::{SessionId, UserId, notification::MailSubscription, user::EmailAddress};
use serde::{Deserialize, Serialize};

use super::{Job, Queue};

/// Send one e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMail {
    /// The key of the e-mail. It is sent once, even if the job is delivered several times.
    pub id: String,
    #[serde(flatten)]
    pub to: MailRecipient,
    #[serde(rename = "letter")]
    pub template: EmailTemplate,
}

/// The recipient of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailRecipient {
    /// An account. The e-mail goes to the address that the account has when it is sent.
    User(UserId),
    /// An address that belongs to no account, or to none any more, or whose owner is to be proven.
    Address(EmailAddress),
}

impl Job for SendMail {
    const NAME: &'static str = "send_mail.v1";
    const QUEUE: Queue = Queue::Mail;
}

/// The content of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum EmailTemplate {
    /// The code and the link that prove that the address belongs to the owner of an account.
    EmailVerification {
        /// Six digits. Absent in the mail about an account that an admin created or changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The token of the link. The table holds only hashes of both.
        token: String,
    },
    /// The account has another address now. It goes to the old one.
    EmailChanged,
    /// An invitation to register with this address.
    Invitation {
        /// The token of the link. The table holds only its hash.
        token: String,
    },
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

/// Who may receive a kind of e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAudience {
    /// An address itself, whether or not an account has it. The text is ours and contains no word of another person, and the sending
    /// operation limits how often an address gets it.
    Address,
    /// An account, also if its address is not verified. The same holds for the text and the limit.
    Account,
    /// An account whose address is verified.
    VerifiedAccount,
}

impl EmailTemplate {
    /// Returns who may receive this kind of e-mail. Only `worker-mail` sends e-mail, and it obeys this.
    ///
    /// An address that is not verified may belong to a stranger, who must not get words of other people, and no more mail than the
    /// limits of the verification and of the reset permit. The notice of a changed password has no such limit, because an account may
    /// change its password at any time.
    pub const fn audience(&self) -> MailAudience {
        match self {
            Self::EmailVerification { .. } | Self::EmailChanged | Self::Invitation { .. } => {
                MailAudience::Address
            }
            Self::PasswordReset { .. } => MailAudience::Account,
            Self::PasswordChanged | Self::ReportReady { .. } | Self::MentionDigest { .. } => {
                MailAudience::VerifiedAccount
            }
        }
    }

    /// Returns the preference that turns this kind of e-mail off. `None` if it cannot be turned off, because it concerns the security
    /// of the account.
    pub const fn subscription(&self) -> Option<MailSubscription> {
        match self {
            Self::MentionDigest { .. } => Some(MailSubscription::MentionDigest),
            Self::ReportReady { .. } => Some(MailSubscription::Report),
            Self::EmailVerification { .. }
            | Self::EmailChanged
            | Self::Invitation { .. }
            | Self::PasswordReset { .. }
            | Self::PasswordChanged => None,
        }
    }
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
