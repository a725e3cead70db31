//! Operations that die at any of their SDK calls. If the operation has been decided, the clock completes it, and the client need not
//! repeat the request.
//!
//! The functions run without the local cloud. The test calls them and delivers their jobs, so that no other work calls the services
//! while an operation is disturbed (`testkit::sweep_calls`).

mod log_ins_end_after_a_crash;
mod recovery_world;
