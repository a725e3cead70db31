//! The operations of identity, through its door, against the emulated services.

mod accounts;
mod log_ins;
mod passwords;
mod refreshing;
mod world;
