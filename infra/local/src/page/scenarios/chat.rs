//! A million messages in rooms of fifty: projected, the product is not built. DESIGN 10 allows a message two write units;
//! the rest is what telling a room costs today.

use super::{Parts, Units, Use, read_of};

const MESSAGES: f64 = 1e6;
const ROOM: f64 = 50.0;
/// What somebody who is connected writes in an hour.
const PER_PERSON_AND_HOUR: f64 = 20.0;
const WRITE_UNITS: f64 = 2.0;
/// Seconds between two pings of one client.
const HEARTBEAT: f64 = 30.0;

pub(super) fn parts() -> Parts {
    // the sender's connection, and who is in the room
    let written = Units { read: 1.0 + read_of(ROOM), write: WRITE_UNITS };
    let hours = MESSAGES / PER_PERSON_AND_HOUR;
    let pings = hours * 3_600.0 / HEARTBEAT;
    vec![
        ("written, and told to the room", Use::message(written).post(ROOM).times(MESSAGES)),
        ("pinged", Use::message(Units { read: 1.0, write: 0.0 }).post(1.0).times(pings)),
        ("connected for 50,000 hours in all", Use { minutes: hours * 60.0, ..Use::default() }),
    ]
}
