//! The messages that services exchange other than HTTP requests: socket events, socket commands and jobs. The crate has
//! only types and their (de)serialization.
//!
//! | module | contents |
//! | --- | --- |
//! | [`event`] | events that clients receive over a socket |
//! | [`command`] | commands that clients send over a socket |
//! | [`envelope`] | the frame around both |
//! | [`job`] | jobs between functions, and their queues |
//! | [`asyncapi`] | the AsyncAPI document, made from these types |
//!
//! # Rules
//!
//! Events carry the current state and its version. A session has `version`, a count `as_of`, a response `created_at`, a
//! message `version`. A client keeps the newest state and drops older ones, so late, repeated and reordered events do
//! no harm.
//!
//! # Events of a live session
//!
//! | event | receivers | occasion |
//! | --- | --- | --- |
//! | `session_state` | one connection | it opened, `join`, `join_speaker`, `subscribe`, an old `ping` |
//! | `slide_changed` | session | the presenter shows another slide |
//! | `session_started` `session_paused` `session_resumed` `session_ended` | session | the session changes its status |
//! | `participant_count` | session | presence changed, by tick |
//! | `participant_joined` `participant_left` | presenter | a participant connects or disconnects |
//! | `session_full` | presenter | joins were refused because the session is full, once a second |
//! | `response_submitted` | presenter | a response is stored, by tick |
//! | `response_superseded` | one connection | its response is older than the stored one |
//! | `vote_update` | presenter in every tick, audience by its size | votes changed |
//! | `session_updated` | session | the settings changed |
//! | `results_changed` | session | results are shown, hidden or reset |
//! | `leaderboard_updated` | session, names only for the presenter | the results of a quiz are shown |
//! | `question_asked` | presenter | a question is asked |
//! | `question_updated` | session, more fields for the presenter | a question changed, every two seconds while votes arrive |
//! | `ai_response` | participant who asked, presenter | an answer grows or is complete |
//! | `generation_updated` | presenter | a summary or conclusion is generated |
//! | `report_ready` | owner | the report is available |
//!
//! # Events of the team chat
//!
//! | event | receivers | occasion |
//! | --- | --- | --- |
//! | `connection_established` | one connection | it opened without a session, `subscribe` |
//! | `channel_joined` `channel_changes` `resync_required` `channel_left` `online_users` | one connection | the answers to its commands |
//! | `new_message` `message_edited` `message_deleted` `message_reaction` | channel | a message is sent or changes |
//! | `typing_indicator` | channel | a user types |
//! | `user_joined` `user_left` `member_updated` | channel | memberships change |
//! | `channel_created` `channel_updated` `channel_deleted` | channel, team for a new public one | a channel changes |
//! | `user_status` | team | a user comes online or goes offline, by tick |
//! | `team_presence` | connections of the team that requested it, instead of `user_status` | the same, and after `connection_established` |
//! | `mention_notification` `read_marked` `draft_updated` `direct_channel_updated` `block_updated` | user | the user's own state changes |
//! | `force_disconnect` | user | an admin bans, suspends or deactivates the user |
//!
//! Every connection also receives `error`, which refuses a message, and `pong`, which answers `ping`.
//!
//! # Commands
//!
//! | command | purpose |
//! | --- | --- |
//! | `join {display_name?, participant_token?}` | join as a participant, answered by `session_state` |
//! | `join_speaker {token}` | join as the presenter, with an access token |
//! | `subscribe {since?}` | request `session_state`, or `connection_established` without a session |
//! | `response_submitted {slide_id, content, seq?}`, alias `submit_response` | respond to the current slide |
//! | `question_asked {question_text, slide_id?}`, alias `ask_question` | ask a question |
//! | `upvote_question {question_id, up?}` | vote for a question or withdraw the vote |
//! | `join_channel {channel_id, since?}` | subscribe to a channel and replay what was missed |
//! | `leave_channel {channel_id}` | unsubscribe from a channel |
//! | `typing_indicator {channel_id, is_typing?}` | signal typing |
//! | `get_online_users {channel_id}` | request `online_users` |
//! | `ping {version?}` | request `pong`, and `session_state` if the version is old |

pub mod asyncapi;
pub mod command;
pub mod envelope;
pub mod event;
pub mod job;

pub use command::SocketCommand;
pub use envelope::{IncomingFrame, OutgoingFrame};
pub use event::Event;
pub use job::Job;
