//! The WebSocket API and its open sockets.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use emulator::{Chaos, ChaosDice, OutboundFrame};
use http::{Method, Request, header};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::mpsc;

use super::socket_path::{SocketPath, socket_path};
use crate::{gateway::context::GatewayContext, template::SocketApi};

/// The quotas of API Gateway for WebSocket APIs.
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
const MAX_CONNECTION_LIFETIME: Duration = Duration::from_hours(2);

/// The API and its open sockets.
pub(crate) struct SocketGateway {
    pub(super) context: Arc<GatewayContext>,
    pub(super) api: SocketApi,
    chaos: Option<SocketChaos>,
    open: Mutex<HashMap<String, Arc<SocketActivity>>>,
}

struct SocketChaos {
    rates: Chaos,
    cut: ChaosDice,
    drop_disconnect: ChaosDice,
    frames: ChaosDice,
}

/// A fault that chaos injects into a frame to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameFault {
    Lost,
    Duplicated,
    /// Sent after the next frame. Without a next frame, it is lost.
    Delayed,
}

/// Age and activity of a socket, and the sender to its task.
pub(super) struct SocketActivity {
    pub(super) source_ip: IpAddr,
    pub(super) connected_at_ms: i64,
    pub(super) last_active_ms: AtomicI64,
    pub(super) tx: mpsc::UnboundedSender<OutboundFrame>,
}

/// An open socket, for `/_local`.
#[derive(Debug, Serialize)]
pub(crate) struct OpenSocket {
    connection_id: String,
    source_ip: IpAddr,
    connected_at_ms: i64,
    last_active_ms: i64,
}

impl OpenSocket {
    /// Id, address, age in seconds and idle time in seconds.
    pub(crate) fn row(&self, now_ms: i64) -> (&str, IpAddr, i64, i64) {
        let seconds = |since_ms: i64| (now_ms - since_ms) / 1_000;
        (&self.connection_id, self.source_ip, seconds(self.connected_at_ms), seconds(self.last_active_ms))
    }
}

impl SocketGateway {
    pub(crate) fn new(context: Arc<GatewayContext>, api: SocketApi, chaos: Option<&Chaos>) -> Self {
        let chaos = chaos.map(|chaos| SocketChaos {
            rates: chaos.clone(),
            cut: chaos.dice("cut"),
            drop_disconnect: chaos.dice("drop_disconnect"),
            frames: chaos.dice("frames"),
        });
        Self { context, api, chaos, open: Mutex::default() }
    }

    /// The path and session that a request for the socket names. Returns `None` if the request is for another part of
    /// the gateway.
    pub(crate) fn requested_path(&self, request: &Request<Incoming>) -> Option<SocketPath> {
        let upgrade = request.headers().get(header::UPGRADE)?;
        if request.method() != Method::GET || !upgrade.as_bytes().eq_ignore_ascii_case(b"websocket") {
            return None;
        }
        socket_path(request.uri().path(), &self.api.stage)
    }

    pub(super) fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<SocketActivity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn roll_cut(&self) -> bool {
        self.chaos.as_ref().is_some_and(|chaos| chaos.cut.hit(chaos.rates.cut_socket))
    }

    pub(super) fn roll_frame_fault(&self) -> Option<FrameFault> {
        let SocketChaos { rates, frames, .. } = self.chaos.as_ref()?;
        frames
            .hit(rates.frame_faults)
            .then(|| frames.pick([FrameFault::Lost, FrameFault::Duplicated, FrameFault::Delayed]))
    }

    pub(super) fn roll_dropped_disconnect(&self) -> bool {
        self.chaos.as_ref().is_some_and(|chaos| chaos.drop_disconnect.hit(chaos.rates.drop_disconnect))
    }

    pub(crate) fn open_sockets(&self) -> Vec<OpenSocket> {
        let mut list: Vec<OpenSocket> = self
            .open()
            .iter()
            .map(|(id, activity)| OpenSocket {
                connection_id: id.clone(),
                source_ip: activity.source_ip,
                connected_at_ms: activity.connected_at_ms,
                last_active_ms: activity.last_active_ms.load(Ordering::Relaxed),
            })
            .collect();
        list.sort_by_key(|socket| socket.connected_at_ms);
        list
    }

    pub(crate) fn count(&self) -> usize {
        self.open().len()
    }

    /// Closes the sockets that are idle or open for too long at the given time.
    pub(crate) fn close_expired(&self, now_ms: i64) {
        let limit = |limit: Duration| i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        for activity in self.open().values() {
            let reason = if now_ms - activity.connected_at_ms >= limit(MAX_CONNECTION_LIFETIME) {
                "Connection duration limit"
            } else if now_ms - activity.last_active_ms.load(Ordering::Relaxed) >= limit(IDLE_TIMEOUT) {
                "Idle connection timeout"
            } else {
                continue;
            };
            let _ = activity.tx.send(OutboundFrame::Close { code: 1001, reason: reason.into() });
        }
    }

    pub(crate) fn close_all(&self) {
        for activity in self.open().values() {
            let _ = activity.tx.send(OutboundFrame::Close { code: 1001, reason: "Going away".into() });
        }
    }
}
