//! Stories of the product and contracts of the repository. Stories use URLs only.
//!
//! `cargo test -p tests` starts a local cloud for every story, in memory, on a free port. With `BASE_URL` set the stories run
//! against that deployment instead. Stories that control the local cloud (its clock, its schedules, its mail) are skipped with
//! a note.
//!
//! | folder | content |
//! | --- | --- |
//! | [`stories`] | what people do with the product; the name of each file is a sentence |
//! | [`recovery`] | operations that die at any of their calls, completed by the clock |
//! | [`contracts`] | rules between the parts of the repository; a change that breaks a rule fails |
//! | [`world`] | the environment of stories: a cloud, users, sockets |
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy allows them in #[test] functions only; this whole crate is a test"
)]

mod contracts;
mod recovery;
mod stories;
mod world;
