//! Accounts, log-ins, password resets, the use of plans, the audit log.

pub mod audit_log;
pub mod log_ins;
pub mod password_resets;
pub mod plan_usage;
pub mod users;
