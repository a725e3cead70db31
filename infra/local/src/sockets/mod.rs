//! The WebSocket API: the handshake, and a task for each open socket.

pub(crate) mod handshake;
mod socket_event;
pub(crate) mod socket_gateway;
mod socket_path;
mod socket_task;
