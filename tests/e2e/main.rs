//! Stories of the product and contracts of the repository, through URLs only.
//!
//! `cargo test -p tests` starts a local cloud of its own for every story, in memory, on a free port. With `BASE_URL` set the
//! stories run against that deployment instead; those that turn the local cloud's handles (its clock, its schedules,
//! its mail) say so and pass over.
//!
//! | folder | what |
//! | --- | --- |
//! | [`stories`] | what people do with the product, each file a sentence |
//! | [`contracts`] | what the parts of the repository owe each other; they fail when someone forgets |
//! | [`world`] | where it happens: a cloud, people, sockets |
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy allows them in #[test] functions only; here everything is test"
)]

mod contracts;
mod stories;
mod world;
