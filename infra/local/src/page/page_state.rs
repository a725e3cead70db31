//! Collects the content of the page.

use emulator::SentEmail;
use serde::Serialize;

use super::{
    estimate::{BilledTraffic, CostEstimate, estimate_cost},
    price_list::{PRICE_LIST, UnitPrice},
};
use crate::{
    gateway::context::GatewayContext, runner::FunctionUsage, sockets::socket_gateway::OpenSocket,
    traffic_record::RecordedRequest,
};

/// The depth of a queue.
#[derive(Debug, Serialize)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
    /// The messages of a queue that no function reads: dead letters.
    pub(super) letters: Vec<DeadLetter>,
}

/// A message that was received too often.
#[derive(Debug, Serialize)]
pub(super) struct DeadLetter {
    pub(super) message_id: String,
    pub(super) body: String,
}

/// The content of `/_local`.
#[derive(Serialize)]
pub(super) struct PageState {
    pub(super) url: String,
    pub(super) now: jiff::Timestamp,
    pub(super) started: jiff::Timestamp,
    pub(super) requests: Vec<RecordedRequest>,
    pub(super) http_requests: u64,
    pub(super) socket_messages: u64,
    pub(super) posts: u64,
    pub(super) sockets: Vec<OpenSocket>,
    pub(super) queues: Vec<QueueState>,
    pub(super) mail: Vec<SentEmail>,
    pub(super) functions: Vec<FunctionUsage>,
    /// In US dollars.
    pub(super) estimate: CostEstimate,
    /// The prices behind the estimate.
    pub(super) prices: &'static [UnitPrice],
}

impl PageState {
    pub(super) fn current(context: &GatewayContext, sockets: Vec<OpenSocket>) -> Self {
        let requests = context.traffic.recent_requests();
        let functions = context.runner.usage();
        let http_requests = context.traffic.http_requests();
        let socket_messages = context.traffic.frames();
        let posts = context.emulator.connections().posts();
        let mut mail = context.emulator.ses().emails();
        mail.reverse();
        Self {
            url: format!("http://{}", context.authority),
            now: context.clock.now(),
            started: context.started,
            estimate: estimate_cost(&BilledTraffic {
                http_requests,
                socket_messages: socket_messages + posts,
                queue_requests: context.traffic.queue_requests(),
                functions: &functions,
            }),
            prices: &PRICE_LIST,
            requests,
            http_requests,
            socket_messages,
            posts,
            sockets,
            queues: queue_states(context),
            mail,
            functions,
        }
    }
}

fn queue_states(context: &GatewayContext) -> Vec<QueueState> {
    let queues = context.emulator.sqs();
    let state = |name: String| {
        let depth = queues.depth(&name);
        let letters = if context.consumed_queues.contains(&name) { Vec::new() } else { queues.peek(&name) };
        QueueState {
            visible: depth.visible,
            in_flight: depth.in_flight,
            delayed: depth.delayed,
            letters: letters
                .into_iter()
                .map(|message| DeadLetter { message_id: message.message_id, body: message.body })
                .collect(),
            name,
        }
    };
    queues.names().into_iter().map(state).collect()
}
