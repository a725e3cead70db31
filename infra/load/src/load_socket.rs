//! A WebSocket connection that speaks the product's envelope.

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::Message};

/// What came in a frame.
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
        // Nagle off: a vote is one small frame, and it is its latency that is measured
        let (stream, _) = connect_async_with_config(url, None, true).await?;
        Ok(Self(stream))
    }

    /// The next event; `None` once the connection is gone, however it went.
    pub(crate) async fn next_frame(&mut self) -> Option<ReceivedFrame> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => {
                    // a frame of API Gateway itself has no type: `{"message": "Internal server error", …}`
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

    /// Says good-bye; whether it is heard is the other side's affair.
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
