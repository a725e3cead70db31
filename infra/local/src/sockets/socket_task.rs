//! The task of an open socket, from the handshake to `$disconnect`.

use std::sync::{Arc, atomic::Ordering};
use std::time::Duration;

use emulator::OutboundFrame;
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    io::AsyncReadExt as _,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc::UnboundedReceiver},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    socket_event::{SocketConnection, select_route},
    socket_gateway::{FrameFault, SocketActivity, SocketGateway},
};
use crate::ids;

/// The quotas of API Gateway on frames and messages of a client.
const MAX_FRAME_BYTES: usize = 32 * 1024;
const MAX_MESSAGE_BYTES: usize = 128 * 1024;
/// Concurrent messages of a socket. Above it, the next message is not read yet, while AWS would throttle.
const MAX_CONCURRENT_MESSAGES: usize = 64;
/// How long a peer may take to accept a frame, or to respond to a close.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

type SocketStream = WebSocketStream<TokioIo<Upgraded>>;

pub(super) struct SocketTask {
    sockets: Arc<SocketGateway>,
    connection: Arc<SocketConnection>,
    activity: Arc<SocketActivity>,
    rx: UnboundedReceiver<OutboundFrame>,
    /// A frame that chaos delays until the next frame is sent.
    delayed_frame: Option<String>,
}

/// Why a socket was closed, as `$disconnect` reports it.
struct SocketEnd {
    code: u16,
    reason: String,
}

impl SocketEnd {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl SocketTask {
    pub(super) fn new(
        sockets: Arc<SocketGateway>,
        connection: SocketConnection,
        activity: Arc<SocketActivity>,
        rx: UnboundedReceiver<OutboundFrame>,
    ) -> Self {
        Self { sockets, connection: Arc::new(connection), activity, rx, delayed_frame: None }
    }

    pub(super) async fn run(mut self, upgrade: OnUpgrade) {
        let end = match upgrade.await {
            Ok(upgraded) => {
                let config = WebSocketConfig::default()
                    .max_frame_size(Some(MAX_FRAME_BYTES))
                    .max_message_size(Some(MAX_MESSAGE_BYTES));
                let io = TokioIo::new(upgraded);
                let mut stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
                self.exchange_frames(&mut stream).await
            }
            Err(_) => SocketEnd::new(1006, "Connection closed abnormally"),
        };
        let sockets = &self.sockets;
        sockets.context.emulator.connections().remove(&self.connection.id);
        let function = sockets.api.routes.get("$disconnect").filter(|_| !sockets.roll_dropped_disconnect());
        if let Some(function) = function {
            let event = self.connection.disconnect_event(end.code, &end.reason, sockets.context.clock.now());
            // the runner logs failures
            let _ = sockets.context.runner.invoke(function, event).await;
        }
        // last, because a stop waits for the listed sockets
        sockets.open().remove(&self.connection.id);
    }

    async fn exchange_frames(&mut self, stream: &mut SocketStream) -> SocketEnd {
        let concurrent = Arc::new(Semaphore::new(MAX_CONCURRENT_MESSAGES));
        let mut permit = None;
        loop {
            tokio::select! {
                Some(outbound) = self.rx.recv() => {
                    if let Some(end) = self.send(stream, outbound).await {
                        return end;
                    }
                }
                Ok(free) = Arc::clone(&concurrent).acquire_owned(), if permit.is_none() => permit = Some(free),
                message = stream.next(), if permit.is_some() => {
                    if let Some(end) = self.receive(stream, message, &mut permit).await {
                        return end;
                    }
                }
            }
        }
    }

    /// Sends the waiting frames in one flush.
    async fn send(&mut self, stream: &mut SocketStream, first: OutboundFrame) -> Option<SocketEnd> {
        if self.close_by_chaos() {
            return Some(SocketEnd::new(1006, "Cut by chaos"));
        }
        self.record_activity();
        let mut next = Some(first);
        let mut close = None;
        let written = tokio::time::timeout(SEND_TIMEOUT, async {
            while let Some(outbound) = next.take() {
                match outbound {
                    OutboundFrame::Text(text) => {
                        for text in self.apply_frame_faults(text) {
                            stream.feed(Message::text(text)).await?;
                        }
                        next = self.rx.try_recv().ok();
                    }
                    OutboundFrame::Close { code, reason } => close = Some(SocketEnd::new(code, reason)),
                }
            }
            stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Some(SocketEnd::new(1006, "Connection closed abnormally")),
            Err(_) => return Some(SocketEnd::new(1006, "The client does not read")),
        }
        match close {
            Some(end) => Some(close_with(stream, end).await),
            None => None,
        }
    }

    /// The frames to send instead of this one.
    fn apply_frame_faults(&mut self, text: String) -> Vec<String> {
        let fault = self.sockets.roll_frame_fault();
        let mut now = match fault {
            None => vec![text],
            Some(FrameFault::Lost) => Vec::new(),
            Some(FrameFault::Duplicated) => vec![text.clone(), text],
            Some(FrameFault::Delayed) => return self.delayed_frame.replace(text).into_iter().collect(),
        };
        now.extend(self.delayed_frame.take());
        now
    }

    async fn receive(
        &self,
        stream: &mut SocketStream,
        message: Option<Result<Message, Error>>,
        permit: &mut Option<OwnedSemaphorePermit>,
    ) -> Option<SocketEnd> {
        if self.close_by_chaos() {
            return Some(SocketEnd::new(1006, "Cut by chaos"));
        }
        match message {
            Some(Ok(Message::Text(text))) => {
                self.record_activity();
                self.sockets.context.traffic.record_frame();
                if let Some(permit) = permit.take() {
                    self.invoke_for_message(text.as_str().to_owned(), permit);
                }
                None
            }
            Some(Ok(Message::Binary(_))) => {
                Some(close_with(stream, SocketEnd::new(1003, "Binary is not supported")).await)
            }
            // the library responds to a ping, and neither frame keeps an idle socket open
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
            Some(Ok(Message::Close(frame))) => {
                let end = match frame {
                    Some(frame) => SocketEnd::new(frame.code.into(), frame.reason.as_str()),
                    None => SocketEnd::new(1005, "Client-side close frame status not set"),
                };
                // the response to a close is written while reading
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, async { while stream.next().await.is_some() {} })
                    .await;
                Some(end)
            }
            Some(Err(Error::Capacity(_))) => {
                let end = close_with(stream, SocketEnd::new(1009, "Message too big")).await;
                read_unread_bytes(stream).await;
                Some(end)
            }
            Some(Err(Error::Utf8(_))) => Some(close_with(stream, SocketEnd::new(1007, "Not UTF-8")).await),
            Some(Err(Error::Protocol(error))) if is_client_error(&error) => {
                Some(close_with(stream, SocketEnd::new(1002, "Protocol error")).await)
            }
            Some(Err(_)) | None => Some(SocketEnd::new(1006, "Connection closed abnormally")),
        }
    }

    /// Calls a function for a message. Messages may overtake each other, as on AWS.
    fn invoke_for_message(&self, body: String, permit: OwnedSemaphorePermit) {
        let sockets = Arc::clone(&self.sockets);
        let connection = Arc::clone(&self.connection);
        let activity = Arc::clone(&self.activity);
        tokio::spawn(async move {
            let routes = &sockets.api.routes;
            let known = |key: &str| routes.get_key_value(key).map(|(key, _)| key.as_str());
            let route = select_route(&sockets.api.selection, &body, known);
            let Some(function) = routes.get(route) else { return };
            let event = connection.message_event(route, &body, sockets.context.clock.now());
            // the return value is dropped, because the API has no RouteResponse
            if sockets.context.runner.invoke(function, event).await.is_err() {
                let notice = json!({
                    "message": "Internal server error",
                    "connectionId": connection.id,
                    "requestId": ids::api_gateway_id(),
                });
                let _ = activity.tx.send(OutboundFrame::Text(notice.to_string()));
            }
            drop(permit);
        });
    }

    fn record_activity(&self) {
        let now_ms = self.sockets.context.clock.millis();
        self.activity.last_active_ms.store(now_ms, Ordering::Relaxed);
        self.sockets.context.emulator.connections().touch(&self.connection.id, now_ms);
    }

    fn close_by_chaos(&self) -> bool {
        self.sockets.roll_cut()
    }
}

/// Sends a close frame, and waits briefly for the response.
async fn close_with(stream: &mut SocketStream, end: SocketEnd) -> SocketEnd {
    let frame = CloseFrame { code: CloseCode::from(end.code), reason: end.reason.as_str().into() };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
        stream.close(Some(frame)).await?;
        while let Some(Ok(_)) = stream.next().await {}
        Ok::<_, Error>(())
    })
    .await;
    end
}

/// Reads the remaining bytes. Closing a socket with unread bytes resets it, and the client would not see the reason.
async fn read_unread_bytes(stream: &mut SocketStream) {
    let mut sink = vec![0; MAX_FRAME_BYTES];
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
        while stream.get_mut().read(&mut sink).await.is_ok_and(|read| read > 0) {}
    })
    .await;
}

fn is_client_error(error: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    !matches!(error, tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
}
