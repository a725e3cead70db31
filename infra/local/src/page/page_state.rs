//! What there is to see at this moment.

use emulator::SentEmail;
use serde::Serialize;

use super::{
    estimate::{BilledTraffic, CostEstimate, estimate_cost},
    prices::{LIST, UnitPrice},
};
use crate::{
    gateway::ApiGateway,
    record::RecordedRequest,
    runner::FunctionUsage,
    sockets::{OpenSocket, SocketGateway},
};

/// A queue and how full it is.
#[derive(Debug, Serialize)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
    /// What lies in it, if nothing reads it: dead letters.
    pub(super) letters: Vec<DeadLetter>,
}

/// A message that was given up.
#[derive(Debug, Serialize)]
pub(super) struct DeadLetter {
    pub(super) message_id: String,
    pub(super) body: String,
}

/// Everything `/_local` shows.
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
    /// US dollars.
    pub(super) estimate: CostEstimate,
    /// What the estimate is made of.
    pub(super) prices: &'static [UnitPrice],
}

impl PageState {
    pub(super) fn from_gateway(gateway: &ApiGateway) -> Self {
        let requests = gateway.traffic.recent_requests();
        let functions = gateway.runner.usage();
        let (http, frames) = (gateway.traffic.http_requests(), gateway.traffic.frames());
        let posts = gateway.emulator.connections().posts();
        let mut mail = gateway.emulator.ses().emails();
        mail.reverse();
        Self {
            url: format!("http://{}", gateway.authority),
            now: gateway.clock.now(),
            started: gateway.started,
            estimate: estimate_cost(&BilledTraffic {
                http_requests: http,
                socket_messages: frames + posts,
                queue_requests: gateway.traffic.queue_requests(),
                functions: &functions,
            }),
            prices: &LIST,
            requests,
            http_requests: http,
            socket_messages: frames,
            posts,
            sockets: gateway.sockets.as_ref().map(SocketGateway::open_sockets).unwrap_or_default(),
            queues: queue_states(gateway),
            mail,
            functions,
        }
    }
}

fn queue_states(gateway: &ApiGateway) -> Vec<QueueState> {
    let queues = gateway.emulator.sqs();
    let state = |name: String| {
        let depth = queues.depth(&name);
        let letters = if gateway.consumed_queues.contains(&name) { Vec::new() } else { queues.peek(&name) };
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
