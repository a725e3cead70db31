//! The one error of the product, free of transport. `entry::http` maps it to a status, `entry::socket` to an `error`
//! event, `entry::worker` to "again" or "never".

use std::{error::Error as StdError, time::Duration};

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong, for whoever has to answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No credential, or none that counts any more.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known, and may not.
    #[error("{1}")]
    Forbidden(ErrorCode, String),
    /// There is no such thing, or the caller may not know of it.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The request cannot be read at all.
    #[error("{0}")]
    Malformed(String),
    /// A message of a type that nobody here takes.
    #[error("type: is not a message of this socket")]
    UnknownMessageType,
    /// It can be read, and these fields are wrong.
    #[error("{}", first_and_count(.0))]
    Invalid(Vec<FieldError>),
    /// An answer that does not fit its slide.
    #[error("{}", first_and_count(.0))]
    InvalidContent(Vec<FieldError>),
    /// Not in this state.
    #[error("{1}")]
    Conflict(ErrorCode, String),
    #[error("too many requests; try again in {} s", retry_after.as_secs().max(1))]
    RateLimited { retry_after: Duration },
    /// Theirs: worth retrying.
    #[error("{service} is unavailable")]
    Unavailable { service: &'static str, source: BoxError },
    /// Ours: a bug.
    #[error("internal error")]
    Internal(BoxError),
}

impl Error {
    /// One field is wrong.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    pub fn internal(source: impl Into<BoxError>) -> Self {
        Self::Internal(source.into())
    }

    pub fn unavailable(service: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Unavailable { service, source: source.into() }
    }

    pub fn conflict(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Conflict(code, message.into())
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden(ErrorCode::Forbidden, message.into())
    }

    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated(_) => ErrorCode::Unauthorized,
            Self::Forbidden(code, _) | Self::Conflict(code, _) => *code,
            Self::NotFound(_) => ErrorCode::ResourceNotFound,
            Self::Malformed(_) => ErrorCode::MalformedRequest,
            Self::UnknownMessageType => ErrorCode::UnknownType,
            Self::Invalid(_) => ErrorCode::ValidationError,
            Self::InvalidContent(_) => ErrorCode::InvalidContent,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Unavailable { .. } => ErrorCode::ServiceUnavailable,
            Self::Internal(_) => ErrorCode::InternalError,
        }
    }

    /// The fields that are wrong, where it is about fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(fields) | Self::InvalidContent(fields) => fields,
            _ => &[],
        }
    }

    /// The same request may succeed later without anybody changing it.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Internal(_))
    }
}

/// A field of the input and what is wrong with it. Paths read `content.options[0].text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

fn first_and_count(fields: &[FieldError]) -> String {
    match fields {
        [] => "invalid input".into(),
        [one] => format!("{}: {}", one.field, one.message),
        [first, rest @ ..] => format!("{}: {} (and {} more)", first.field, first.message, rest.len()),
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $http:literal, $socket:literal;)*) => {
        /// What programs branch on. A code is never reused for something else. Over HTTP it is in
        /// `SCREAMING_SNAKE`, on a socket the same word in `snake_case`, as the originals had it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn http(self) -> &'static str {
                match self { $(Self::$variant => $http,)* }
            }

            pub const fn socket(self) -> &'static str {
                match self { $(Self::$variant => $socket,)* }
            }
        }
    };
}

codes! {
    AccountDisabled = "ACCOUNT_DISABLED", "account_disabled";
    /// The first answer to this slide is final, and it was another one.
    AlreadyResponded = "ALREADY_RESPONDED", "already_responded";
    /// Nothing is written into it any more.
    ChannelArchived = "CHANNEL_ARCHIVED", "channel_archived";
    ChannelNameTaken = "CHANNEL_NAME_TAKEN", "channel_name_taken";
    Conflict = "CONFLICT", "conflict";
    /// A cookie came along, the proof that our own page sent it did not.
    CsrfRefused = "CSRF_REFUSED", "csrf_refused";
    EmailTaken = "EMAIL_TAKEN", "email_taken";
    Forbidden = "FORBIDDEN", "forbidden";
    /// The request with this key is done, and its answer was too large to keep.
    IdempotencyAnswerNotKept = "IDEMPOTENCY_ANSWER_NOT_KEPT", "idempotency_answer_not_kept";
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", "idempotency_key_reused";
    InternalError = "INTERNAL_ERROR", "internal_error";
    /// The answer does not fit the slide.
    InvalidContent = "INVALID_CONTENT", "invalid_content";
    /// A reset token that is unknown, used or expired.
    InvalidToken = "INVALID_TOKEN", "invalid_token";
    /// A state machine has no such move.
    InvalidTransition = "INVALID_TRANSITION", "invalid_transition";
    /// Nobody would be left who can administer accounts.
    LastAdmin = "LAST_ADMIN", "last_admin";
    /// Nobody would be left who owns the channel.
    LastOwner = "LAST_OWNER", "last_owner";
    /// There are as many of them as there may be.
    LimitReached = "LIMIT_REACHED", "limit_reached";
    MalformedRequest = "MALFORMED_REQUEST", "parse_error";
    /// Of a deleted message there is only that it was.
    MessageDeleted = "MESSAGE_DELETED", "message_deleted";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", "method_not_allowed";
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", "payload_too_large";
    RateLimited = "RATE_LIMITED", "rate_limited";
    /// The presenter has sent them away.
    Removed = "REMOVED", "removed";
    ResourceNotFound = "RESOURCE_NOT_FOUND", "not_found";
    /// What is right was shown: it takes no answers any more.
    ResultsShown = "RESULTS_SHOWN", "results_shown";
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "service_unavailable";
    SessionEnded = "SESSION_ENDED", "session_ended";
    SessionNotActive = "SESSION_NOT_ACTIVE", "session_not_active";
    SlideNotCurrent = "SLIDE_NOT_CURRENT", "slide_not_current";
    SlugTaken = "SLUG_TAKEN", "slug_taken";
    SubscriptionLimitExceeded = "SUBSCRIPTION_LIMIT_EXCEEDED", "subscription_limit_exceeded";
    /// A newer connection of the presenter took over.
    Superseded = "SUPERSEDED", "superseded";
    Unauthorized = "UNAUTHORIZED", "unauthorized";
    UnknownType = "UNKNOWN_TYPE", "unknown_type";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type";
    /// Only who has a user name is of the team.
    UsernameRequired = "USERNAME_REQUIRED", "username_required";
    UsernameTaken = "USERNAME_TAKEN", "username_taken";
    ValidationError = "VALIDATION_ERROR", "invalid_request";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_used_twice() {
        let http: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.http()).collect();
        let socket: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.socket()).collect();
        assert_eq!((http.len(), socket.len()), (ErrorCode::ALL.len(), ErrorCode::ALL.len()));
    }

    #[test]
    fn many_wrong_fields_are_summed_up() {
        let one = Error::field("title", "must not be empty");
        assert_eq!(one.to_string(), "title: must not be empty");
        let two = Error::Invalid(vec![FieldError::new("a", "b"), FieldError::new("c", "d")]);
        assert_eq!(two.to_string(), "a: b (and 1 more)");
    }
}
