//! `/v1/auth/sessions`: the caller's login sessions.

pub(crate) mod end;
pub(crate) mod list;
