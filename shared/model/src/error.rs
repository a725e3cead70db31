//! The one error type of the product, independent of transport. `entry::http` maps it to a status, `entry::socket` to
//! an `error` event, and `entry::worker` to a retry or a drop.

use std::{error::Error as StdError, time::Duration};

use serde::{Deserialize, Serialize};

/// A result whose error is [`enum@Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request has no credential, or the credential is not valid any more.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller is known and does not have the permission.
    #[error("{1}")]
    Forbidden(ErrorCode, String),
    /// The resource does not exist, or the caller must not know that it exists.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The request cannot be parsed.
    #[error("{0}")]
    Malformed(String),
    /// The socket message has a type that the receiving function does not know.
    #[error("type: must be a message type of this socket")]
    UnknownMessageType,
    /// The request can be parsed, and these fields are invalid.
    #[error("{}", first_and_count(.0))]
    Invalid(Vec<FieldError>),
    /// The response of a participant does not fit its slide.
    #[error("{}", first_and_count(.0))]
    InvalidContent(Vec<FieldError>),
    /// The resource is in a state that does not allow the operation.
    #[error("{1}")]
    Conflict(ErrorCode, String),
    /// The resource has another version than the one that the client expects.
    #[error(
        "the resource has changed since you read it: read it again, and repeat the change if it is still right"
    )]
    PreconditionFailed,
    /// The caller has sent too many requests.
    #[error("too many requests; try again in {} s", retry_after.as_secs().max(1))]
    RateLimited { retry_after: Duration },
    /// A dependency failed. The request is worth a retry.
    #[error("{service} is unavailable")]
    Unavailable { service: &'static str, source: BoxError },
    /// A bug in this repository.
    #[error("internal error")]
    Internal(BoxError),
}

impl Error {
    /// Returns an error for one invalid field.
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

    /// Returns the code that clients branch on.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unauthenticated(_) => ErrorCode::Unauthorized,
            Self::Forbidden(code, _) | Self::Conflict(code, _) => *code,
            Self::NotFound(_) => ErrorCode::ResourceNotFound,
            Self::Malformed(_) => ErrorCode::MalformedRequest,
            Self::UnknownMessageType => ErrorCode::UnknownType,
            Self::Invalid(_) => ErrorCode::ValidationError,
            Self::InvalidContent(_) => ErrorCode::InvalidContent,
            Self::PreconditionFailed => ErrorCode::PreconditionFailed,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Unavailable { .. } => ErrorCode::ServiceUnavailable,
            Self::Internal(_) => ErrorCode::InternalError,
        }
    }

    /// Returns the invalid fields. The list is empty for errors that are not about fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(fields) | Self::InvalidContent(fields) => fields,
            _ => &[],
        }
    }

    /// Returns whether the same request may succeed later without a change.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Internal(_))
    }
}

/// An invalid field of the input. The path of the field has the form `content.options[0].text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The path of the field.
    pub field: String,
    /// What is wrong with the value and what to send instead.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Returns the first error and the number of further errors.
fn first_and_count(fields: &[FieldError]) -> String {
    match fields {
        [] => "invalid input".into(),
        [one] => format!("{}: {}", one.field, one.message),
        [first, rest @ ..] => format!("{}: {} (and {} more)", first.field, first.message, rest.len()),
    }
}

/// Makes [`ErrorCode`] from a table. Each line has a variant, its name over HTTP and its name on a socket.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $http:literal, $socket:literal;)*) => {
        /// The stable code of an error, which clients branch on. A code never changes its meaning. Over HTTP it is
        /// written in `SCREAMING_SNAKE`, on a socket in `snake_case`, as in the originals.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// All codes, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name over HTTP.
            pub const fn http(self) -> &'static str {
                match self { $(Self::$variant => $http,)* }
            }

            /// Returns the name on a socket.
            pub const fn socket(self) -> &'static str {
                match self { $(Self::$variant => $socket,)* }
            }
        }
    };
}

codes! {
    /// The account cannot log in, because it is deactivated, suspended or banned.
    AccountDisabled = "ACCOUNT_DISABLED", "account_disabled";
    /// The participant's first response to this slide is final, and it was a different one.
    AlreadyResponded = "ALREADY_RESPONDED", "already_responded";
    /// The channel is archived. It does not accept new messages.
    ChannelArchived = "CHANNEL_ARCHIVED", "channel_archived";
    /// Another channel has this name.
    ChannelNameTaken = "CHANNEL_NAME_TAKEN", "channel_name_taken";
    /// The current state of the resource does not allow the operation. Read it again before a retry.
    Conflict = "CONFLICT", "conflict";
    /// The request is authenticated by a cookie, but lacks the proof that a page of this deployment sent it.
    CsrfRefused = "CSRF_REFUSED", "csrf_refused";
    /// Only addresses of certain domains may register here, and this address is of another one.
    EmailDomainNotAllowed = "EMAIL_DOMAIN_NOT_ALLOWED", "email_domain_not_allowed";
    /// Another account has this e-mail address.
    EmailTaken = "EMAIL_TAKEN", "email_taken";
    /// The caller does not have the permission.
    Forbidden = "FORBIDDEN", "forbidden";
    /// The first request with this idempotency key has succeeded, and its response was too large to store. Read the
    /// created resource instead.
    IdempotencyAnswerNotKept = "IDEMPOTENCY_ANSWER_NOT_KEPT", "idempotency_answer_not_kept";
    /// The idempotency key was used before with another body.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", "idempotency_key_reused";
    /// A bug in the server. The log contains the request id.
    InternalError = "INTERNAL_ERROR", "internal_error";
    /// The response of the participant does not fit the slide.
    InvalidContent = "INVALID_CONTENT", "invalid_content";
    /// The token or the code of a mail is unknown, used or expired.
    InvalidToken = "INVALID_TOKEN", "invalid_token";
    /// Only a person with an invitation may register here.
    InvitationRequired = "INVITATION_REQUIRED", "invitation_required";
    /// The state machine has no such transition.
    InvalidTransition = "INVALID_TRANSITION", "invalid_transition";
    /// The operation would leave no account that can administer accounts.
    LastAdmin = "LAST_ADMIN", "last_admin";
    /// The operation would leave the channel without an owner.
    LastOwner = "LAST_OWNER", "last_owner";
    /// A maximum number is reached, for example of slides in a presentation.
    LimitReached = "LIMIT_REACHED", "limit_reached";
    /// The request cannot be parsed.
    MalformedRequest = "MALFORMED_REQUEST", "parse_error";
    /// The message is deleted. Only its tombstone remains.
    MessageDeleted = "MESSAGE_DELETED", "message_deleted";
    /// The path exists and does not accept this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", "method_not_allowed";
    /// The body or the message is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", "payload_too_large";
    /// The resource has changed since the client read it. Read it again before a retry.
    PreconditionFailed = "PRECONDITION_FAILED", "precondition_failed";
    /// The caller has sent too many requests. Retry after the given number of seconds.
    RateLimited = "RATE_LIMITED", "rate_limited";
    /// The presenter has removed the participant from the session.
    Removed = "REMOVED", "removed";
    /// The resource does not exist, or the caller must not know that it exists.
    ResourceNotFound = "RESOURCE_NOT_FOUND", "not_found";
    /// The results of the quiz are revealed. The slide does not accept responses any more.
    ResultsShown = "RESULTS_SHOWN", "results_shown";
    /// A dependency failed. Retry the request.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", "service_unavailable";
    /// The session has ended.
    SessionEnded = "SESSION_ENDED", "session_ended";
    /// The session is not active. It has not started, or it is paused.
    SessionNotActive = "SESSION_NOT_ACTIVE", "session_not_active";
    /// No person may register here. Admins create the accounts.
    SignUpClosed = "SIGN_UP_CLOSED", "sign_up_closed";
    /// The slide is not the current slide of the session.
    SlideNotCurrent = "SLIDE_NOT_CURRENT", "slide_not_current";
    /// Another presentation has this slug.
    SlugTaken = "SLUG_TAKEN", "slug_taken";
    /// The plan of the account does not allow more.
    SubscriptionLimitExceeded = "SUBSCRIPTION_LIMIT_EXCEEDED", "subscription_limit_exceeded";
    /// A newer connection of the presenter has replaced this one.
    Superseded = "SUPERSEDED", "superseded";
    /// The request has no valid credential.
    Unauthorized = "UNAUTHORIZED", "unauthorized";
    /// The socket message has an unknown type.
    UnknownType = "UNKNOWN_TYPE", "unknown_type";
    /// The operation does not accept the media type of the body.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type";
    /// The team's chat needs an account with a user name.
    UsernameRequired = "USERNAME_REQUIRED", "username_required";
    /// Another account has this user name.
    UsernameTaken = "USERNAME_TAKEN", "username_taken";
    /// One or more fields are invalid. `fields` names them.
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
    fn several_invalid_fields_are_summarized() {
        let one = Error::field("title", "must not be empty");
        assert_eq!(one.to_string(), "title: must not be empty");
        let two = Error::Invalid(vec![FieldError::new("a", "b"), FieldError::new("c", "d")]);
        assert_eq!(two.to_string(), "a: b (and 1 more)");
    }
}
