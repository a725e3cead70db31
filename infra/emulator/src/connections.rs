//! The registry behind `@connections`. The gateway owns the sockets. It registers a sender for each socket and reads
//! [`OutboundFrame`]s from the other end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::mpsc::UnboundedSender;

/// An instruction to the owner of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboundFrame {
    Text(String),
    Close { code: u16, reason: String },
}

/// The properties that `GetConnection` returns.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    pub connected_at_ms: i64,
    pub last_active_ms: i64,
    pub source_ip: String,
    pub user_agent: String,
}

/// The registered sockets. Clones share one registry.
#[derive(Clone, Default)]
pub struct ConnectionRegistry {
    shared: Arc<RegistryState>,
}

#[derive(Default)]
struct RegistryState {
    sockets: Mutex<HashMap<String, RegisteredSocket>>,
    accepted_posts: AtomicU64,
}

struct RegisteredSocket {
    info: ConnectionInfo,
    tx: UnboundedSender<OutboundFrame>,
    is_open: bool,
}

impl ConnectionRegistry {
    /// Registers a socket. Posts to it return 410 until [`open`](Self::open) is called, as on AWS.
    pub fn register(&self, id: &str, info: ConnectionInfo, tx: UnboundedSender<OutboundFrame>) {
        self.sockets().insert(id.to_owned(), RegisteredSocket { info, tx, is_open: false });
    }

    /// Accepts posts to the socket from now on. The gateway calls it after `$connect` has returned 200.
    pub fn open(&self, id: &str) {
        if let Some(socket) = self.sockets().get_mut(id) {
            socket.is_open = true;
        }
    }

    /// Records that a frame was received or sent.
    pub fn touch(&self, id: &str, now_ms: i64) {
        if let Some(socket) = self.sockets().get_mut(id) {
            socket.info.last_active_ms = now_ms;
        }
    }

    pub fn remove(&self, id: &str) {
        self.sockets().remove(id);
    }

    pub fn ids(&self) -> Vec<String> {
        self.sockets().keys().cloned().collect()
    }

    /// The number of accepted posts since the start.
    pub fn posts(&self) -> u64 {
        self.shared.accepted_posts.load(Ordering::Relaxed)
    }

    /// Sends a text to a socket. Returns false if the socket is not open or its owner has dropped the receiver.
    pub(crate) fn post(&self, id: &str, text: String, now_ms: i64) -> bool {
        let mut sockets = self.sockets();
        let Some(socket) = sockets.get_mut(id).filter(|socket| socket.is_open) else { return false };
        if socket.tx.send(OutboundFrame::Text(text)).is_err() {
            return false;
        }
        socket.info.last_active_ms = now_ms;
        self.shared.accepted_posts.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// Stops accepting posts to the socket. Its owner still has to [`remove`](Self::remove) it.
    pub(crate) fn close(&self, id: &str, close: OutboundFrame) -> bool {
        let mut sockets = self.sockets();
        let Some(socket) = sockets.get_mut(id).filter(|socket| socket.is_open) else { return false };
        socket.is_open = false;
        socket.tx.send(close).is_ok()
    }

    pub(crate) fn info(&self, id: &str) -> Option<ConnectionInfo> {
        let sockets = self.sockets();
        let socket = sockets.get(id).filter(|socket| socket.is_open && !socket.tx.is_closed())?;
        Some(socket.info.clone())
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<String, RegisteredSocket>> {
        self.shared.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
