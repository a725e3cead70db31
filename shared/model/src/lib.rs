//! The rules of the product, with its ids, its error type, state machines and validation. The crate has no I/O, no
//! async code, no AWS types, no HTTP and no clock. The caller passes the current time.
//!
//! | module | contents |
//! | --- | --- |
//! | [`id`] | typed ids |
//! | [`error`] | the one error enum and its codes |
//! | [`assistant`] | states of the assistant's work, sources of its answers |
//! | [`user`] | accounts: roles, states, restrictions, rules for e-mail addresses and names |
//! | [`sign_up`] | who may register an account |
//! | [`plan`] | plans and their limits |
//! | [`slide`] | slide types: content rules, defaults, accepted responses |
//! | [`tally`] | counting the responses to a slide |
//! | [`image`] | formats, sizes and file names of images |
//! | [`presentation`] | states of a presentation, the order of its slides, slugs |
//! | [`precondition`] | the version of an item that a client expects |
//! | [`channel`] | channels of a team: kinds, names, roles |
//! | [`message`] | messages of a channel: ids, content rules, mentions, reactions |
//! | [`notification`] | quiet hours and missed-mentions e-mails |
//! | [`room`] | rooms: groups of connections that receive the same events |
//! | [`connection`] | the identity of a connection, and its rooms |
//! | [`session`] | kinds and states of a live session |
//! | [`join_code`] | the six characters that an audience types |
//! | [`join_key`] | the secret of a join link |
//! | [`tick`] | the 250 ms intervals in which votes and presence are published |
//! | [`leaderboard`] | the leaderboard of a session's quizzes |
//! | [`question`] | questions of the audience: states, text, duplicates, order |
//! | [`report`] | the report of an ended session |
//! | [`blocked_words`] | words that a presenter blocks |
//! | [`text`] | the rule of control characters for all texts |
//! | [`words`] | words of a text for word clouds, search and comparison |
//! | [`refused_joins`] | how many joins a full session has refused |
//! | [`rate_limit`] | the outcome of an attempt that a rate limit counts |
//!
//! # Rules of this crate
//!
//! - A rule for one field returns the message for that field (`must be …`). The caller adds the name of the field.
//! - A state machine has one `apply` or `check_transition`, and a test with every state and every transition.
//! - A type that clients see derives `utoipa::ToSchema`. Its doc comments are the text of the API document.
//! - A number has its unit and its source in the doc comment.
//!
//! # Recipe: a new error code
//!
//! 1. Add a line to the table in [`error`], in alphabetical order, with a doc comment that says when the code occurs.
//! 2. Return it with `Error::conflict(ErrorCode::…, "what is wrong and what to do")`.
//! 3. Add the code to the `responses` of the operations that return it.

pub mod assistant;
pub mod blocked_words;
pub mod channel;
pub mod connection;
pub mod error;
pub mod id;
pub mod image;
pub mod join_code;
pub mod join_key;
pub mod leaderboard;
pub mod message;
pub mod notification;
pub mod plan;
pub mod precondition;
pub mod presentation;
pub mod question;
pub mod rate_limit;
pub mod refused_joins;
pub mod report;
pub mod room;
pub mod session;
pub mod sign_up;
pub mod slide;
pub mod text;
pub mod tick;
pub mod user;
pub mod words;

pub use connection::{AccountLogin, ConnectionIdentity, PresenceForm};
pub use error::{Error, ErrorCode, FieldError, Result};
pub use id::{
    ActionId, ChannelId, ImageId, InvitationId, LoginId, LoginRevocationId, ParticipantId, PresentationId,
    QuestionId, ResponseId, SessionId, SlideId, UserId,
};
pub use message::MessageId;
pub use precondition::ExpectedVersion;
pub use room::Room;
pub use slide::tally;
