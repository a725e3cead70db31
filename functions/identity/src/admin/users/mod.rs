//! `/v1/admin/users/…`

pub(crate) mod account_state;
pub(crate) mod ban;
pub(crate) mod bulk;
pub(crate) mod create;
pub(crate) mod deactivate;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod password_reset;
pub(crate) mod plan;
pub(crate) mod reactivate;
pub(crate) mod restriction;
pub(crate) mod roles;
pub(crate) mod suspend;
pub(crate) mod unban;
pub(crate) mod unsuspend;
pub(crate) mod update;
