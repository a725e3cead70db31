//! Accounts, invitations, log-ins, password resets, usage of plans, the audit log.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | IDENTITY-1–6 | accounts: one, by address, by user name, all, the super admins, the team's directory | [`users`] |
//! | IDENTITY-7–8 | log-ins: one, all of an account | [`log_ins`] |
//! | IDENTITY-9 | the password reset of a token | [`password_resets`] |
//! | IDENTITY-10–12 | usage of a plan: sessions in a month, quotas of a session, model calls | [`plan_usage`] |
//! | IDENTITY-13 | what admins have done | [`audit_log`] |
//! | IDENTITY-14 | an unfinished end of several log-ins | [`login_revocations`] |
//! | IDENTITY-15–16 | networks from which an account logged in: one, all | [`known_networks`] |
//! | IDENTITY-17 | the proof of an account's address that is under way | [`email_verifications`] |
//! | IDENTITY-18–19 | open invitations: one, all | [`invitations`] |

pub mod audit_log;
pub mod due;
pub mod email_verifications;
pub mod invitations;
pub mod known_networks;
pub mod log_ins;
pub mod login_revocations;
pub mod password_resets;
pub mod plan_usage;
pub mod users;
