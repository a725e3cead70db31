//! The cost model behind the computed tables of `infra/OPERATIONS.md`: a talk, a chat and an idle month. The test here
//! compares the tables, and `COLLOQUY_UPDATE=1 cargo test -p local --lib scenarios` writes them.
//!
//! Capacity units come from `infra/COSTS.md`, where they are measured. Queues, schedules and alarms come from
//! `template.yaml`, prices from [`super::price_list`]. Values without a measurement are in [`assumed`].

mod chat_messages;
mod idle_month;
mod live_talk;

use std::{fmt::Write as _, fs, path::PathBuf};

use super::{
    estimate::RequestUnits,
    price_list::{
        CONNECTION_MINUTE, FIFO_REQUEST, GB_SECOND, HTTP_REQUEST, INVOCATION, LOGGED_GB, OUT_GB, PRICE_LIST,
        QUEUE_REQUEST, SOCKET_MESSAGE,
    },
};

/// Values that are not measured on AWS, chosen rather too high.
mod assumed {
    /// Milliseconds of a function, without the posts that it waits for.
    pub(super) const HTTP_MS: f64 = 20.0;
    pub(super) const PASSWORD_MS: f64 = 100.0;
    pub(super) const MESSAGE_MS: f64 = 10.0;
    pub(super) const CONNECT_MS: f64 = 30.0;
    pub(super) const JOB_MS: f64 = 20.0;
    /// A post to a connection. FIGURES 2 has only one blog's "40 to 120 ms".
    pub(super) const POST_MS: f64 = 50.0;
    /// The memory of each function (`template.yaml`, `MemorySize`).
    pub(super) const GB: f64 = 0.5;
    /// The size of a room's row or of an answer, by its attributes.
    pub(super) const ITEM_KB: f64 = 0.4;
    /// One line of the product, three of Lambda, one of API Gateway.
    pub(super) const LOGGED_KB: f64 = 1.0;
    pub(super) const POST_KB: f64 = 0.5;
    pub(super) const ANSWER_KB: f64 = 1.0;
}

/// Concurrent posts of a function (`realtime::publish`).
const CONCURRENT_POSTS: f64 = 50.0;
const KB_IN_GB: f64 = 1_024.0 * 1_024.0;
/// Send, receive, delete.
const QUEUE_REQUESTS_PER_JOB: f64 = 3.0;

/// Billed quantities.
#[derive(Clone, Copy, Debug, Default)]
struct ResourceUse {
    http: f64,
    messages_in: f64,
    posts: f64,
    minutes: f64,
    invocations: f64,
    gb_seconds: f64,
    table: RequestUnits,
    queue: f64,
    fifo: f64,
}

impl ResourceUse {
    /// Adds an invocation of this duration.
    fn with_invocation(mut self, ms: f64) -> Self {
        self.invocations += 1.0;
        self.gb_seconds += ms / 1_000.0 * assumed::GB;
        self
    }

    fn with_units(mut self, read: f64, write: f64) -> Self {
        self.table.read += read;
        self.table.write += write;
        self
    }

    fn with_cost(self, units: RequestUnits) -> Self {
        self.with_units(units.read, units.write)
    }

    /// Adds posts of a running function, which sends some of them concurrently.
    fn with_posts(mut self, posts: f64) -> Self {
        self.posts += posts;
        self.gb_seconds += (posts / CONCURRENT_POSTS).ceil() * assumed::POST_MS / 1_000.0 * assumed::GB;
        self
    }

    fn http_request(ms: f64, units: RequestUnits) -> Self {
        Self { http: 1.0, ..Self::default() }.with_invocation(ms).with_cost(units)
    }

    fn socket_message(units: RequestUnits) -> Self {
        Self { messages_in: 1.0, ..Self::default() }.with_invocation(assumed::MESSAGE_MS).with_cost(units)
    }

    fn queue_job(ms: f64) -> Self {
        Self { queue: QUEUE_REQUESTS_PER_JOB, ..Self::default() }.with_invocation(ms)
    }

    /// A count job, which waits for its tick inside the function.
    fn count_job(waits_ms: f64) -> Self {
        Self { fifo: QUEUE_REQUESTS_PER_JOB, ..Self::default() }.with_invocation(waits_ms + assumed::JOB_MS)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            http: self.http + other.http,
            messages_in: self.messages_in + other.messages_in,
            posts: self.posts + other.posts,
            minutes: self.minutes + other.minutes,
            invocations: self.invocations + other.invocations,
            gb_seconds: self.gb_seconds + other.gb_seconds,
            table: RequestUnits {
                read: self.table.read + other.table.read,
                write: self.table.write + other.table.write,
            },
            queue: self.queue + other.queue,
            fifo: self.fifo + other.fifo,
        }
    }

    fn times(self, n: f64) -> Self {
        Self {
            http: self.http * n,
            messages_in: self.messages_in * n,
            posts: self.posts * n,
            minutes: self.minutes * n,
            invocations: self.invocations * n,
            gb_seconds: self.gb_seconds * n,
            table: RequestUnits { read: self.table.read * n, write: self.table.write * n },
            queue: self.queue * n,
            fifo: self.fifo * n,
        }
    }

    fn dollars(self) -> f64 {
        let out_kb = self.posts * assumed::POST_KB + self.http * assumed::ANSWER_KB;
        HTTP_REQUEST.for_quantity(self.http)
            + SOCKET_MESSAGE.for_quantity(self.messages_in + self.posts)
            + CONNECTION_MINUTE.for_quantity(self.minutes)
            + INVOCATION.for_quantity(self.invocations)
            + GB_SECOND.for_quantity(self.gb_seconds)
            + self.table.dollars()
            + QUEUE_REQUEST.for_quantity(self.queue)
            + FIFO_REQUEST.for_quantity(self.fifo)
            + LOGGED_GB.for_quantity(self.invocations * assumed::LOGGED_KB / KB_IN_GB)
            + OUT_GB.for_quantity(out_kb / KB_IN_GB)
    }
}

/// Read units of a strongly consistent query over so many items.
fn query_units(items: f64) -> f64 {
    (items * assumed::ITEM_KB / 4.0).ceil().max(1.0)
}

/// The content of `infra/COSTS.md`.
struct OperationCosts(String);

impl OperationCosts {
    fn from_costs_md() -> Self {
        Self(fs::read_to_string(repository().join("infra/COSTS.md")).unwrap())
    }

    fn units_of(&self, operation: &str) -> RequestUnits {
        let row = self.0.lines().find_map(|line| line.strip_prefix(&format!("| {operation} |")));
        let row = row.unwrap_or_else(|| panic!("infra/COSTS.md has no row {operation}"));
        let mut figures = row.split('|').map(|cell| cell.trim().parse::<f64>());
        let mut next = || figures.next().unwrap().unwrap();
        let _requests = next();
        RequestUnits { read: next(), write: next() }
    }
}

/// The parts of a scenario, and the resources that each part uses.
type ScenarioParts = Vec<(&'static str, ResourceUse)>;

fn total_use(parts: &ScenarioParts) -> ResourceUse {
    parts.iter().fold(ResourceUse::default(), |sum, (_, part)| sum.plus(*part))
}

fn scenario_table(parts: &ScenarioParts) -> String {
    let mut text = String::from(
        "| part | messages in | posts out | invocations | RRU | WRU | US$ |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (what, part) in parts.iter().copied().chain([("**total**", total_use(parts))]) {
        let whole = [part.messages_in, part.posts, part.invocations, part.table.read, part.table.write];
        let [messages, posts, invocations, read, write] = whole.map(thousands);
        let dollars = part.dollars();
        writeln!(text, "| {what} | {messages} | {posts} | {invocations} | {read} | {write} | {dollars:.3} |")
            .unwrap();
    }
    text
}

fn price_list() -> String {
    let mut text = String::from("| item | US$ | per | source |\n| --- | ---: | ---: | --- |\n");
    for price in PRICE_LIST {
        let per = thousands(price.per);
        writeln!(text, "| {} | {} | {per} | {} |", price.what, price.dollars, price.source).unwrap();
    }
    text
}

/// Formats a rounded number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The document with the new text of a computed block.
fn replace_block(document: &str, name: &str, text: &str) -> String {
    let open = format!("<!-- computed: {name} -->\n");
    let close = "<!-- end -->";
    let (before, rest) =
        document.split_once(&open).unwrap_or_else(|| panic!("OPERATIONS.md has no block {name}"));
    let (_, after) = rest.split_once(close).unwrap_or_else(|| panic!("the block {name} has no end"));
    format!("{before}{open}{text}{close}{after}")
}

#[test]
fn operations_md_matches_the_cost_model() {
    let costs = OperationCosts::from_costs_md();
    let hour = live_talk::TalkScenario::one_hour();
    let rare_heartbeats = live_talk::TalkScenario { heartbeat: 300.0, ..hour };
    let chat = chat_messages::chat_parts(&costs);
    let blocks = [
        ("prices", price_list()),
        ("talk", scenario_table(&hour.talk_parts(&costs))),
        ("heartbeats", format!("**${:.2}**\n", total_use(&rare_heartbeats.talk_parts(&costs)).dollars())),
        ("chat", scenario_table(&chat)),
        ("idle", idle_month::idle_table()),
    ];
    let file = repository().join("infra/OPERATIONS.md");
    let kept = fs::read_to_string(&file).unwrap();
    let computed = blocks.iter().fold(kept.clone(), |text, (name, block)| replace_block(&text, name, block));
    if computed == kept {
        return;
    }
    if is_update_run() {
        fs::write(&file, computed).unwrap();
        return;
    }
    let new: Vec<_> = computed.lines().filter(|line| !kept.contains(line)).collect();
    panic!(
        "infra/OPERATIONS.md is not current: run COLLOQUY_UPDATE=1 cargo test -p local --lib scenarios. New lines:\n{}",
        new.join("\n")
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "requests an update of the file and is no setting of the product"
)]
fn is_update_run() -> bool {
    std::env::var("COLLOQUY_UPDATE").is_ok()
}
