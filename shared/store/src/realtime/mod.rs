//! Connections and tickets.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | REALTIME-1–4 | connections: one, in a room, in a shard of a room, of one holder | [`connections`] |
//! | REALTIME-5 | whether a ticket has been used | [`tickets`] |

pub mod connections;
pub mod tickets;
