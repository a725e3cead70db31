//! The cost of a million messages in channels with fifty connected members, by the current code.

use super::{OperationCosts, RequestUnits, ResourceUse, ScenarioParts, assumed, query_units};

const MESSAGES: f64 = 1e6;
/// Connections of a channel.
const CONNECTIONS_PER_CHANNEL: f64 = 50.0;
/// Messages that a connected member sends in an hour.
const MESSAGES_PER_PERSON_AND_HOUR: f64 = 20.0;
/// Indexed words of a message, which are distinct and no stop words. Each is a write.
const INDEXED_WORDS_PER_MESSAGE: f64 = 8.0;
/// Seconds between two pings of a client.
const HEARTBEAT_SECONDS: f64 = 30.0;
/// Seconds between two stored heartbeats (`presence`).
const STORED_HEARTBEAT_SECONDS: f64 = 30.0;
/// The maximum lifetime of a connection in hours, a quota of API Gateway.
const CONNECTION_HOURS: f64 = 2.0;
/// Channels of a member. Each connection has a row in the room of each channel.
const CHANNELS_PER_PERSON: f64 = 10.0;
/// How many times an hour the presence of an online member is checked (`presence::CHECK_INTERVAL`).
const PRESENCE_CHECKS_PER_HOUR: f64 = 30.0;
/// Hours between two status changes of a member. A new connection within seconds is no change.
const HOURS_BETWEEN_PRESENCE_CHANGES: f64 = 4.0;
/// The mean time for which the job of a tick of presence waits.
const PRESENCE_WAIT_MS: f64 = 500.0;

pub(super) fn chat_parts(costs: &OperationCosts) -> ScenarioParts {
    let hours = MESSAGES / MESSAGES_PER_PERSON_AND_HOUR;
    let pings = hours * 3_600.0 / HEARTBEAT_SECONDS;
    let sent = ResourceUse::http_request(assumed::HTTP_MS, costs.units_of("send a message"));
    // the measured operation already contains the posts to two connections
    let published = ResourceUse::default()
        .with_units(query_units(CONNECTIONS_PER_CHANNEL), 0.0)
        .with_posts(CONNECTIONS_PER_CHANNEL);
    let stored_heartbeats =
        ResourceUse::default().with_units(0.0, 1.0).times(hours * 3_600.0 / STORED_HEARTBEAT_SECONDS);
    let job = ResourceUse { queue: super::QUEUE_REQUESTS_PER_JOB, ..ResourceUse::default() }
        .with_invocation(assumed::JOB_MS);
    let connects = ResourceUse::default()
        .with_invocation(assumed::CONNECT_MS)
        .with_cost(costs.units_of("connect to the team"))
        .plus(job.with_units(3.0 * CHANNELS_PER_PERSON, CHANNELS_PER_PERSON + 1.0).with_posts(1.0))
        .plus(job.with_units(2.0, CHANNELS_PER_PERSON + 1.0));
    // reads the checkpoint and the new messages, writes the checkpoint and the words
    let processed = job.with_units(4.0, 1.0 + INDEXED_WORDS_PER_MESSAGE);
    // the job waits half of its second, reads the members and their connections, claims and records its version, and marks the
    // member; a second change within the second is rare in a team of fifty
    let presence_change = ResourceUse::count_job(PRESENCE_WAIT_MS)
        .with_units(2.0 * query_units(CONNECTIONS_PER_CHANNEL) + 1.0, 7.0)
        .with_posts(CONNECTIONS_PER_CHANNEL);
    vec![
        ("connects and disconnects, every two hours", connects.times(hours / CONNECTION_HOURS)),
        (
            "presence checks, every two minutes",
            job.with_units(1.5, 3.0).times(hours * PRESENCE_CHECKS_PER_HOUR),
        ),
        ("presence changes", presence_change.times(hours / HOURS_BETWEEN_PRESENCE_CHANGES)),
        ("messages sent", sent.times(MESSAGES)),
        ("messages published to the channel", published.times(MESSAGES)),
        ("messages indexed and processed", processed.times(MESSAGES)),
        (
            "pings",
            ResourceUse::socket_message(RequestUnits { read: 1.0, write: 0.0 })
                .with_posts(1.0)
                .times(pings)
                .plus(stored_heartbeats),
        ),
        ("50,000 connection hours", ResourceUse { minutes: hours * 60.0, ..ResourceUse::default() }),
    ]
}
