//! Valid items of each product area. A test changes the fields that matter to it by struct update syntax.

pub mod chat;
pub mod identity;
pub mod presentations;
pub mod realtime;
pub mod sessions;
