//! A WebSocket connection that uses the product's envelope.

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::Message};

/// A received frame.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedFrame {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) payload: Value,
}

pub(crate) struct LoadSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl LoadSocket {
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        // Nagle's algorithm is off, because it would add to the measured latency of a vote
        let (stream, _) = connect_async_with_config(url, None, true).await?;
        Ok(Self(stream))
    }

    /// The next event. Returns `None` if the connection is closed.
    pub(crate) async fn next_frame(&mut self) -> Option<ReceivedFrame> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => {
                    // a frame of API Gateway has no type: `{"message": "Internal server error", …}`
                    return Some(serde_json::from_str(&text).unwrap_or(ReceivedFrame {
                        kind: "error".into(),
                        payload: json!({ "code": "unreadable frame" }),
                    }));
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Closes the connection. A failure does not matter.
    pub(crate) async fn close(mut self) {
        let _ = self.0.close(None).await;
    }

    pub(crate) async fn send(
        &mut self,
        kind: &str,
        payload: Value,
        reference: Option<u64>,
    ) -> anyhow::Result<()> {
        let mut frame = json!({ "type": kind, "payload": payload });
        if let Some(reference) = reference {
            frame["ref"] = reference.into();
        }
        Ok(self.0.send(Message::text(frame.to_string())).await?)
    }
}
