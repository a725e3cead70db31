//! `/v1/admin/sessions/…`

pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod row;
pub(crate) mod running;
