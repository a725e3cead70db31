//! The cost of a month without users.

use std::fmt::Write as _;

use super::{
    super::price_list::{
        ALARM, BACKUP_GB, DASHBOARD, FIFO_REQUEST, GB_SECOND, INVOCATION, LOGGED_GB, QUEUE_REQUEST,
        READ_UNIT, SCHEDULED, SECRET, STORED_GB, UnitPrice,
    },
    KB_IN_GB, assumed, repository, thousands,
};
use crate::template::{LocalSecrets, SamTemplate};

const SECONDS_PER_MONTH: f64 = 30.0 * 24.0 * 3_600.0;
/// Lambda's pollers of an idle queue. Each polls every twenty seconds.
const POLLERS_PER_QUEUE: f64 = 5.0;
const POLL_SECONDS: f64 = 20.0;
/// The size of the table in a small deployment.
const STORED_GIGABYTES: f64 = 0.1;

struct BillItem {
    what: String,
    quantity: f64,
    price: UnitPrice,
    /// The free units of an account per month.
    free: f64,
}

pub(super) fn idle_table() -> String {
    let mut text = String::from(
        "| item | per month | US$ by the list | free per month | US$ left |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    let mut list = 0.0;
    let mut left = 0.0;
    for BillItem { what, quantity, price, free } in bill_items() {
        let full = price.for_quantity(quantity);
        let rest = price.for_quantity((quantity - free).max(0.0));
        list += full;
        left += rest;
        let quantity = if quantity > 0.0 && quantity < 10.0 && quantity.fract() > 0.0 {
            format!("{quantity:.2}")
        } else {
            thousands(quantity)
        };
        let free = thousands(free);
        writeln!(text, "| {what} | {quantity} | {full:.3} | {free} | {rest:.3} |").unwrap();
    }
    writeln!(text, "| **total** | | {list:.2} | | {left:.2} |").unwrap();
    text
}

fn bill_items() -> Vec<BillItem> {
    let path = repository().join("template.yaml");
    let template = SamTemplate::read(Some(&path), LocalSecrets::in_memory()).unwrap();
    template.generate_secrets().unwrap();
    let written = std::fs::read_to_string(path).unwrap();
    let resources = |kind: &str| count(written.matches(&format!("Type: {kind}")).count());

    let schedules = template.schedules().unwrap();
    let runs: f64 = schedules.iter().map(|schedule| SECONDS_PER_MONTH / schedule.every.as_secs_f64()).sum();
    let (fifo, standard): (Vec<_>, Vec<_>) =
        template.event_source_mappings().unwrap().into_iter().partition(|mapping| mapping.fifo);
    let polls = SECONDS_PER_MONTH / POLL_SECONDS * POLLERS_PER_QUEUE;
    let standard_polls = count(standard.len()) * polls;
    let none = |what: &str| BillItem { what: what.into(), quantity: 0.0, price: INVOCATION, free: 0.0 };
    let item = |what: &str, quantity, price, free| BillItem { what: what.into(), quantity, price, free };
    vec![
        none("requests, messages, posts, connection minutes, e-mails"),
        item("secrets", resources("AWS::SecretsManager::Secret"), SECRET, 0.0),
        item("polls of idle standard queues by Lambda", standard_polls, QUEUE_REQUEST, 1e6),
        item("polls of idle FIFO queues by Lambda", count(fifo.len()) * polls, FIFO_REQUEST, {
            // both kinds of queues share one allowance
            (1e6 - standard_polls).max(0.0)
        }),
        item("runs of the clock: Scheduler", runs, SCHEDULED, 14e6),
        item("runs of the clock: Lambda", runs, INVOCATION, 1e6),
        item("runs of the clock: GB-seconds", runs * assumed::JOB_MS / 1e3 * assumed::GB, GB_SECOND, 4e5),
        item("runs of the clock: read units", runs * 0.5, READ_UNIT, 0.0),
        item("GB of logs of the clock", runs * assumed::LOGGED_KB / KB_IN_GB, LOGGED_GB, 5.0),
        item("alarms", resources("AWS::CloudWatch::Alarm"), ALARM, 10.0),
        item("dashboards", resources("AWS::CloudWatch::Dashboard"), DASHBOARD, 3.0),
        item("GB in the table", STORED_GIGABYTES, STORED_GB, 25.0),
        item("GB under point-in-time recovery", STORED_GIGABYTES, BACKUP_GB, 0.0),
    ]
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
