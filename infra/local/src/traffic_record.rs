//! Records the last requests, for `/_local`.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;

const MAX_REQUESTS: usize = 200;

/// A request and its response.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedRequest {
    pub at: jiff::Timestamp,
    pub method: String,
    pub path: String,
    pub route: String,
    pub status: u16,
    pub duration_ms: f64,
    pub request_id: String,
    /// The cost of the request, if the function reported it (`x-colloquy-cost`).
    pub cost: Option<String>,
}

/// The traffic since the start.
#[derive(Default)]
pub(crate) struct TrafficRecord {
    requests: Mutex<VecDeque<RecordedRequest>>,
    http: AtomicU64,
    /// Received frames. API Gateway bills each started 32 KB as a message.
    frames: AtomicU64,
    /// Requests to SQS: those of the pollers, and one for each sent message.
    queue_requests: AtomicU64,
}

impl TrafficRecord {
    pub(crate) fn record_request(&self, request: RecordedRequest) {
        self.http.fetch_add(1, Ordering::Relaxed);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn record_frame(&self) {
        self.frames.fetch_add(1, Ordering::Relaxed);
    }

    /// Records a batch: one receive, one delete, and one send for each message.
    pub(crate) fn record_batch(&self, messages: usize) {
        let messages = u64::try_from(messages).unwrap_or(u64::MAX);
        self.queue_requests.fetch_add(messages + 2, Ordering::Relaxed);
    }

    pub(crate) fn queue_requests(&self) -> u64 {
        self.queue_requests.load(Ordering::Relaxed)
    }

    /// The last requests, the newest first.
    pub(crate) fn recent_requests(&self) -> Vec<RecordedRequest> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().rev().cloned().collect()
    }

    pub(crate) fn http_requests(&self) -> u64 {
        self.http.load(Ordering::Relaxed)
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }
}
