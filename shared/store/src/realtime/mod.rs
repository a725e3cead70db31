//! Connections and tickets.

pub mod connections;
pub mod tickets;
