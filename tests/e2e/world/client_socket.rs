//! WebSocket clients. A socket reads only when a story waits for a frame, so the story sees every frame in order.

use std::{collections::VecDeque, time::Duration};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use super::DEADLINE;

/// A received frame.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedEvent {
    pub(crate) kind: String,
    pub(crate) payload: Value,
    /// The whole frame.
    pub(crate) frame: Value,
}

pub(crate) struct ClientSocket {
    // boxed, because it would add 20 KB to the future of every story
    stream: Box<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    /// All received events in order, also those that the story has not waited for.
    pub(crate) received: Vec<ReceivedEvent>,
    unread: VecDeque<usize>,
    close_code: Option<u16>,
}

impl ClientSocket {
    #[track_caller]
    pub(crate) fn open(url: &str) -> impl Future<Output = Self> + use<> {
        let opening = Self::try_open(url);
        async move { opening.await.unwrap_or_else(|status| panic!("the handshake was refused: {status}")) }
    }

    /// Opens a socket. Returns the status of a refused handshake.
    pub(crate) fn try_open(url: &str) -> impl Future<Output = Result<Self, u16>> + use<> {
        Self::try_open_with(url, &[])
    }

    pub(crate) fn try_open_with(
        url: &str,
        headers: &[(&'static str, &'static str)],
    ) -> impl Future<Output = Result<Self, u16>> + use<> {
        let mut request = url.into_client_request().unwrap_or_else(|error| panic!("{url}: {error}"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        async move {
            match timeout(DEADLINE, Box::pin(connect_async(request)))
                .await
                .expect("the handshake ends in time")
            {
                Ok((stream, _)) => Ok(Self {
                    stream: Box::new(stream),
                    received: Vec::new(),
                    unread: VecDeque::new(),
                    close_code: None,
                }),
                Err(Error::Http(answer)) => Err(answer.status().as_u16()),
                Err(error) => panic!("no handshake: {error}"),
            }
        }
    }

    pub(crate) async fn send(&mut self, kind: &str, payload: Value) {
        self.send_text(&json!({ "type": kind, "payload": payload }).to_string()).await;
    }

    /// Sends a message. Fails if the connection is closed.
    pub(crate) async fn try_send(&mut self, kind: &str, payload: Value) -> Result<(), ()> {
        let text = json!({ "type": kind, "payload": payload }).to_string();
        self.stream.send(Message::text(text)).await.map_err(drop)
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        self.stream.send(message).await.expect("the connection is open");
    }

    /// Returns the next frame if it arrives within this time, and `Err` if the connection is closed.
    pub(crate) async fn read_within(&mut self, patience: Duration) -> Result<Option<ReceivedEvent>, ()> {
        match timeout(patience, self.read()).await {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => Err(()),
            Err(_) => Ok(None),
        }
    }

    /// Returns the next frame, or `None` if the connection is closed.
    async fn read(&mut self) -> Option<ReceivedEvent> {
        loop {
            let message = timeout(DEADLINE, self.stream.next()).await;
            match message.unwrap_or_else(|_| {
                panic!("no frame arrived; received before: {}", self.describe_received())
            })? {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
                    let kind = frame["type"].as_str().unwrap_or_default().to_owned();
                    let event = ReceivedEvent { kind, payload: frame["payload"].clone(), frame };
                    self.received.push(event.clone());
                    return Some(event);
                }
                Ok(Message::Close(frame)) => self.close_code = frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Waits for the next event of this type that the story has not waited for yet.
    pub(crate) async fn wait_for(&mut self, kind: &str) -> Value {
        self.wait_for_where(kind, |_| true).await
    }

    /// Waits for the next event of this type whose payload meets the condition.
    pub(crate) async fn wait_for_where(&mut self, kind: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_any(|event| event.kind == kind && is_so(&event.payload)).await.payload
    }

    /// Waits for the next event of any type that meets the condition.
    pub(crate) async fn wait_for_any(&mut self, fits: impl Fn(&ReceivedEvent) -> bool) -> ReceivedEvent {
        if let Some(place) = self.unread.iter().position(|index| fits(&self.received[*index])) {
            let index = self.unread.remove(place).expect("the position is valid");
            return self.received[index].clone();
        }
        loop {
            let Some(event) = self.read().await else {
                panic!("closed before the awaited event; received before: {}", self.describe_received());
            };
            if fits(&event) {
                return event;
            }
            self.unread.push_back(self.received.len() - 1);
        }
    }

    /// Reads until all received events together meet the condition.
    pub(crate) async fn read_until(&mut self, is_so: impl Fn(&[ReceivedEvent]) -> bool) {
        while !is_so(&self.received) {
            assert!(
                self.read().await.is_some(),
                "closed before the condition was met; received before: {}",
                self.describe_received()
            );
            self.unread.push_back(self.received.len() - 1);
        }
    }

    /// Waits for the error with this `ref`.
    pub(crate) async fn wait_for_error(&mut self, reference: &Value) -> Value {
        self.wait_for_where("error", |payload| payload["ref"] == *reference).await
    }

    /// Sends a ping and reads until its pong. All frames that were posted before have then arrived.
    pub(crate) async fn receive_until_pong(&mut self) -> &[ReceivedEvent] {
        let reference = json!(format!("fence {}", self.received.len()));
        self.send_text(&json!({ "type": "ping", "ref": reference }).to_string()).await;
        self.wait_for_where("pong", |payload| payload["ref"] == reference).await;
        &self.received
    }

    /// Reads until the connection is closed. Returns the close code, if there is one.
    pub(crate) async fn wait_closed(&mut self) -> Option<u16> {
        while self.read().await.is_some() {
            self.unread.push_back(self.received.len() - 1);
        }
        self.close_code
    }

    /// Sends a message of a channel. Returns the response of this type, or the error.
    pub(crate) async fn request(&mut self, kind: &str, payload: Value, answer: &str) -> Result<Value, Value> {
        let reference = json!(format!("ask {}", self.received.len()));
        let frame = json!({ "type": kind, "payload": payload, "ref": reference });
        self.send_text(&frame.to_string()).await;
        let about = payload["channel_id"].clone();
        let given = self
            .wait_for_any(|event| {
                let is_refusal = event.kind == "error" && event.payload["ref"] == reference;
                is_refusal || (event.kind == answer && event.payload["channel_id"] == about)
            })
            .await;
        if given.kind == "error" { Err(given.payload) } else { Ok(given.payload) }
    }

    /// Closes the connection by the WebSocket handshake.
    pub(crate) async fn close(mut self) {
        // the server may have closed it already
        let _ = self.stream.as_mut().close(None).await;
        while let Ok(Some(Ok(_))) = timeout(DEADLINE, self.stream.next()).await {}
    }

    /// Drops the connection without a close frame, as a phone in a tunnel does.
    pub(crate) fn drop_without_close(self) {
        drop(self);
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.received.iter().filter(|event| event.kind == kind).count()
    }

    fn describe_received(&self) -> String {
        let heard: Vec<_> = self.received.iter().map(|event| event.frame.to_string()).collect();
        heard.join("\n")
    }
}
