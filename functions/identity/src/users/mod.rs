//! `/v1/users/…`

pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod me;
pub(crate) mod search;
pub(crate) mod update;
pub(crate) mod usage;
