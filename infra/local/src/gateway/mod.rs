//! API Gateway: the context that its parts share, and the listener in front of them.

pub(crate) mod context;
pub(crate) mod listener;
