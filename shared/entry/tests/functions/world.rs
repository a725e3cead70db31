//! The services behind a function.

pub(crate) use testkit::TestApp as EntryWorld;
