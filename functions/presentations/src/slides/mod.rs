//! The slides of a presentation.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod duplicate;
pub(crate) mod get;
pub(crate) mod insert;
pub(crate) mod list;
pub(crate) mod reorder;
pub(crate) mod update;
