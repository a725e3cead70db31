//! What the product is, without I/O: ids, the error, rules and state machines. No async, no AWS, no HTTP, and no
//! clock: whoever calls says what time it is.
//!
//! | module | noun |
//! | --- | --- |
//! | [`id`] | typed ids |
//! | [`error`] | the one error enum and its codes |
//! | [`assistant`] | how far the assistant is with something, and what its answers rest on |
//! | [`user`] | accounts: roles, statuses, restrictions, e-mail and user-name rules |
//! | [`plan`] | plans and their limits |
//! | [`slide`] | slide types: content rules, defaults, which answers they take |
//! | [`image`] | formats and file names of images |
//! | [`presentation`] | statuses of a presentation, slugs |
//! | [`channel`] | channels of a team: kinds, names, roles |
//! | [`message`] | messages of a channel: their ids, what may stand in them |
//! | [`notification`] | what someone is told of while they are away: quiet hours, mail |
//! | [`room`] | who is told together |
//! | [`session`] | kinds and states of a live session |
//! | [`join_code`] | the six characters an audience types |
//! | [`tick`] | the 250 ms buckets in which votes and presence are announced |
//! | [`tally`] | counting answers |
//! | [`leaderboard`] | who is ahead in a quiz |
//! | [`question`] | what an audience asks: states, text, which two are the same, their order |
//! | [`report`] | what is kept of a session that is over |
//! | [`blocked_words`] | words that nobody wants to read |
//! | [`words`] | words in a text, as they are counted and compared |

pub mod assistant;
pub mod blocked_words;
pub mod channel;
pub mod error;
pub mod id;
pub mod image;
pub mod join_code;
pub mod leaderboard;
pub mod message;
pub mod notification;
pub mod plan;
pub mod presentation;
pub mod question;
pub mod rate_limit;
pub mod report;
pub mod room;
pub mod session;
pub mod slide;
pub mod tally;
pub mod tick;
pub mod user;
pub mod words;

pub use error::{Error, ErrorCode, FieldError, Result};
pub use id::{
    ActionId, ChannelId, ImageId, LoginId, ParticipantId, PresentationId, QuestionId, ResponseId, SessionId,
    SlideId, UserId,
};
pub use message::MessageId;
pub use room::Room;
