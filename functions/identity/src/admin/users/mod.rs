//! `/v1/admin/users/…`

pub(crate) mod activate;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod password_reset;
pub(crate) mod plan;
pub(crate) mod restrict;
pub(crate) mod roles;
pub(crate) mod update;
