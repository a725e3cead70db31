//! What the product is, without I/O: ids, the error, rules and state machines. No async, no AWS, no HTTP, and no
//! clock: whoever calls says what time it is.
//!
//! | module | noun |
//! | --- | --- |
//! | [`id`] | typed ids |
//! | [`error`] | the one error enum and its codes |
//! | [`user`] | accounts: roles, statuses, e-mail and user-name rules, plans |
//! | [`slide`] | slide types: content rules, defaults, which answers they take |
//! | [`image`] | formats and file names of images |
//! | [`presentation`] | statuses of a presentation, slugs |
//! | [`room`] | who is told together |
//! | [`session`] | kinds and states of a live session |
//! | [`join_code`] | the six characters an audience types |
//! | [`tick`] | the 250 ms buckets in which votes and presence are announced |
//! | [`tally`] | counting answers |

pub mod error;
pub mod id;
pub mod image;
pub mod join_code;
pub mod presentation;
pub mod room;
pub mod session;
pub mod slide;
pub mod tally;
pub mod tick;
pub mod user;

pub use error::{Code, Error, FieldError, Result};
pub use id::{ImageId, LoginId, ParticipantId, PresentationId, ResponseId, SessionId, SlideId, UserId};
pub use room::Room;
