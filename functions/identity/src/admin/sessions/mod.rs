//! `/v1/admin/sessions/…`

pub(crate) mod admin_session;
pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod recent_sessions;
