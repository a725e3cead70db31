//! What crosses a wire other than HTTP: socket events and commands, and jobs. serde only.
//!
//! Events carry state and its version, never a change: `version` of the session, `as_of` of a count, `created_at` of a
//! response. A client keeps the newest and ignores what is older, so a late, doubled or reordered event does no harm.
//!
//! | event | to | when |
//! | --- | --- | --- |
//! | `session_state` | the joiner | connected, `join`, `subscribe` |
//! | `slide_changed` | all | the presenter moves |
//! | `session_started` `session_paused` `session_resumed` `session_ended` | all | the session moves |
//! | `participant_count` | all | presence changed, by tick |
//! | `participant_joined` `participant_left` | presenter | someone connects or is gone: names are the presenter's only |
//! | `response_submitted` | presenter | an answer is stored, by tick |
//! | `vote_update` | presenter every tick, all by audience size | votes changed |
//! | `session_updated` | all | who turns the slides, who answers questions |
//! | `results_changed` | all | results of a slide are shown, hidden, begun anew |
//! | `leaderboard_updated` | all, with names to the presenter | the results of a quiz are shown |
//! | `question_asked` | presenter | a question is asked |
//! | `question_updated` | all, with more to the presenter | a question changed; every two seconds while it is up-voted |
//! | `ai_response` | whoever asked, presenter | an answer grows, and is complete |
//! | `generation_updated` | presenter | a summary or conclusion is written |
//! | `report_ready` | every device of the owner | the report of a session can be read |
//! | `error` | one | a refusal; `fatal` before the connection is closed |
//! | `pong` | one | `ping` |
//!
//! | command | what |
//! | --- | --- |
//! | `join {display_name?, participant_token?}` | be (again) a participant; answered by `session_state` |
//! | `join_speaker {token}` | be the presenter, with an access token |
//! | `subscribe {since?}` | `session_state` |
//! | `response_submitted {slide_id, content, seq?}`, alias `submit_response` | answer the current slide |
//! | `question_asked {question_text, slide_id?}`, alias `ask_question` | ask; the same question of the same participant is one |
//! | `upvote_question {question_id, up?}` | want a question answered, or no longer |
//! | `ping {version?}` | `pong`; with a `version` that is old, also `session_state` |
//!
//! [`asyncapi`] makes the document of all this from these types.

pub mod asyncapi;
pub mod command;
pub mod envelope;
pub mod event;
pub mod job;

pub use command::SocketCommand;
pub use envelope::{IncomingFrame, OutgoingFrame};
pub use event::Event;
pub use job::Job;
