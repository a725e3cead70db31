//! The table: keys, items, access patterns. The only crate that speaks DynamoDB.
//!
//! Each entity has one file: its item, its key, where else it can be found, and its operations, each with the number of the
//! access pattern that it is. A key string is written in [`table`] and nowhere else.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | U1–U6 | accounts: one, by address, by user name, all, who makes admins, the team's directory | [`users`] |
//! | L1–L2 | log-ins: one, all of an account | [`logins`] |
//! | E1 | the password reset with this token | [`resets`] |
//! | P1–P5 | presentations: one, its notes, all of it, by slug, of an owner | [`presentations`] |
//! | Q1–Q3 | slides: one, by its id alone, all of a presentation | [`slides`] |
//! | S1–S8 | sessions: one, with counts, by code, of an owner, of a presentation, to look after, of a day, who leads | [`sessions`] |
//! | H1–H2 | slides as a session showed them | [`shown`] |
//! | H3 | what a session came to | [`reports`] |
//! | N1–N4 | questions of the audience: one, all, their up-votes, those that wait | [`questions`] |
//! | M1 | what the assistant answered to a wording | [`answers`] |
//! | W1–W2 | what a model writes on slides | [`generations`] |
//! | A1–A2 | the audience: one participant, all of a session | [`participants`] |
//! | S1, A1 | what someone is in a session | [`seats`] |
//! | G1–G3 | what is used of a plan, calls of a model | [`usage`] |
//! | V1–V2 | votes: one, all of a slide | [`responses`] |
//! | C1–C4 | connections: one, in a room, in a shard, of one holder | [`connections`] |
//! | K1 | tickets that were used | [`tickets`] |
//! | G1–G4 | images: one, its bytes, chunks that are of none, to look after | [`images`] |
//! | X1–X4 | messages: one, some of a channel, how far channels are, what changed | [`messages`] |
//! | Y1–Y3, Y5 | channels: one, by name, the public ones, those that are being cleared away | [`channels`] |
//! | Y4 | how far channels were followed | [`followed`] |
//! | J1–J2 | who of the team is there | [`online`] |
//! | Z1–Z4 | members: one, all of a channel, someone's place, someone's channels | [`members`] |
//! | F1 | answers to a message | [`replies`] |
//! | F2 | messages that mention someone | [`mentions`] |
//! | F3–F4 | drafts: one, all of someone | [`drafts`] |
//! | F5–F6 | how, and when next, someone is told of what they missed | [`preferences`], [`digests`] |
//! | F7 | where a word stands | [`terms`] |
//! | F8 | has someone been taken into the default channels | [`arrivals`] |
//! | R1 | attempts in a window | [`limits`] |
//! | I1 | requests with an idempotency key | [`idempotency`] |
//! | O1 | deeds that are done once | [`once`] |
//! | N1 | what admins have done | [`audit`] |
//! | D1 | what has fallen due | [`due`] |
//!
//! # Rules
//!
//! - No scan, and no filter where a key condition would do. Every list is paged by a signed cursor ([`page`]).
//! - What must agree is one transaction; a claim of uniqueness (address, user name, slug, join code) is an item of its own.
//! - Every item carries `kind` and `v`. What has expired is not returned: DynamoDB deletes it within days.
//! - Everything asks for its capacity units ([`cost`]); `infra/COSTS.md` says what each operation costs, and a test compares.
//! - The store is concrete: no repository trait, no in-memory twin. Tests start the embedded engine (`infra/emulator`).

pub mod chat;
pub mod dynamodb;
pub mod identity;
pub mod platform;
pub mod presentations;
pub mod realtime;
pub mod sessions;

pub use dynamodb::{
    client::{PutNewOutcome, ReadConsistency, Store, WriteOutcome},
    cost::RequestCost,
    error::StoreError,
    expression::{ConditionExpression, TransactWrite, UpdateExpression},
    item::{Item, sortable_timestamp},
    key::Key,
    page::Page,
    query::Query,
    retry::retry_conflict,
};
pub use platform::rate_limits::RateLimit;
