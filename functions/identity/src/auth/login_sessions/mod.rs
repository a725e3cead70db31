//! `/v1/auth/sessions`: one's own log-ins, device by device.

pub(crate) mod end;
pub(crate) mod list;
