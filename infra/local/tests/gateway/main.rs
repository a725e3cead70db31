//! The gateway, the runner and the pollers against functions that only say what they saw.

mod http;
mod page;
mod queues;
mod sockets;
mod stack;
